"""`weir up`: a private PostgreSQL with the pooler in front of it; errors come with their cures."""

import os
import re
import signal
import socket
import subprocess

import pytest

from harness.account import Directory, spawn_options
from harness.cluster import program_directory
from harness.http import get, scrape
from harness.pooler import KIND, program
from harness.ports import free_port
from harness.waiting import seconds, until
from harness.wire import Connection

pytestmark = pytest.mark.skipif(KIND != "weir", reason="a command of Weir")


class Up:
    """One `weir up`; its output goes to a file."""

    def __init__(self, directory, port=None, postgres_bin=None):
        self.directory = directory
        self.port = port or free_port()
        self._out = open(directory.file("out"), "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [program(), "up", "--directory", directory.path, "--port", str(self.port),
             "--postgres-bin", postgres_bin or program_directory()],
            stdin=subprocess.DEVNULL, stdout=self._out, stderr=self._out)

    def said(self):
        with open(self._out.name, encoding="utf-8") as out:
            return out.read()

    def _url(self):
        assert self.process.poll() is None, self.said()
        return re.search(r"postgres://weir:(\w+)@127\.0\.0\.1:\d+/weir\n", self.said())

    def ready(self):
        self.password = until(self._url, timeout=90, what="weir up is ready").group(1)
        return self

    def server_pid(self):
        with open(self.directory.file("postgres/postmaster.pid"), encoding="utf-8") as pid_file:
            return int(pid_file.readline())

    def pooler_pid(self):
        return int(re.search(r"pooler .* process (\d+):", self.said()).group(1))

    def query(self, sql):
        address = ("127.0.0.1", self.port)
        with Connection.login(address, "weir", "weir", self.password) as connection:
            reply = connection.query(sql, timeout=30)
        assert not reply.errors, reply.explain()
        return reply

    def ended(self):
        self.process.wait(seconds(90))
        return self.process.returncode

    def stop(self, with_signal=signal.SIGINT):
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
        return self.ended()


@pytest.fixture
def directory():
    directory = Directory("up")
    yield directory
    directory.remove()


@pytest.fixture(scope="module")
def used():
    """A directory with data in it, which a test leaves as it found it."""
    directory = Directory("up")
    Up(directory).ready().stop()
    yield directory
    directory.remove()


@pytest.fixture
def start():
    started = []

    def start_up(directory, **options):
        started.append(Up(directory, **options))
        return started[-1]

    yield start_up
    for up in started:
        up.stop()


def gone(pid):
    return not os.path.exists(f"/proc/{pid}")


def content(directory, name):
    with open(directory.file(name), encoding="utf-8") as file:
        return file.read()


def test_data_and_password_stay_and_both_servers_stop(start, directory):
    first = start(directory).ready()
    first.query("CREATE TABLE kept AS SELECT 7 AS n")
    pids = [first.server_pid(), first.pooler_pid()]
    assert first.stop() == 0
    assert all(gone(pid) for pid in pids)

    second = start(directory).ready()
    assert second.password == first.password
    assert second.query("SELECT n FROM kept").value == "7"
    assert second.stop(signal.SIGTERM) == 0


def test_servers_end_with_a_killed_parent_and_the_data_recovers(start, directory):
    first = start(directory).ready()
    first.query("CREATE TABLE kept AS SELECT 7 AS n")
    pids = [first.server_pid(), first.pooler_pid()]
    first.process.kill()
    until(lambda: all(gone(pid) for pid in pids), timeout=30, what="both servers ended")
    assert start(directory).ready().query("SELECT n FROM kept").value == "7"


def test_secrets_are_the_owners_only(used):
    for name in ("password", "userlist.txt", "weir.ini"):
        assert os.stat(used.file(name)).st_mode & 0o077 == 0, name
    assert content(used, "userlist.txt").startswith('"weir" "SCRAM-SHA-256$')


def test_it_tells_where_its_metrics_are(start, used):
    up = start(used).ready()
    port = int(until(lambda: re.search(r"metrics +http://127\.0\.0\.1:(\d+)/metrics", up.said()),
                     what="the banner").group(1))
    assert scrape(port).value("pgbouncer_up") == 1
    assert get(port, "/readyz").json == {"ready": True}


def test_own_configuration_is_kept(start, used):
    written = content(used, "weir.ini")
    own = written.partition("\n")[2].replace("default_pool_size = 20", "default_pool_size = 3")
    used.write("weir.ini", own)
    start(used, port=int(re.search(r"listen_port = (\d+)", own).group(1))).ready()
    assert content(used, "weir.ini") == own
    used.write("weir.ini", written)


def test_taken_port(start, used):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port()))
        taken.listen()
        up = start(used, port=taken.getsockname()[1])
        assert up.ended() == 1
    assert "is taken" in up.said() and "--port" in up.said()


def test_second_one_in_the_same_directory(start, used):
    first = start(used).ready()
    second = start(used)
    assert second.ended() == 1
    assert f"already runs in {used.path} as process {first.process.pid}" in second.said()
    first.query("SELECT 1")


def test_no_postgresql_there(start, directory):
    up = start(directory, postgres_bin="/nonexistent")
    assert up.ended() == 1
    assert "no working PostgreSQL in /nonexistent" in up.said()


def test_data_of_another_major_version(start, used):
    version = content(used, "postgres/PG_VERSION")
    used.write("postgres/PG_VERSION", "9\n")
    up = start(used)
    assert up.ended() == 1
    assert "was made by PostgreSQL 9" in up.said() and "--postgres-bin" in up.said()
    used.write("postgres/PG_VERSION", version)


def test_pid_file_of_a_killed_server_whose_number_another_process_has(start, used):
    used.write("postgres/postmaster.pid", f"{os.getpid()}\n{used.file('postgres')}\n")
    start(used).ready().query("SELECT 1")


def test_data_directory_in_use(start, used):
    with subprocess.Popen(["sleep", "600"], cwd=used.file("postgres"), **spawn_options()) as other:
        used.write("postgres/postmaster.pid", f"{other.pid}\n{used.file('postgres')}\n")
        up = start(used)
        assert up.ended() == 1
        other.kill()
    assert f"already runs in {used.file('postgres')} as process {other.pid}" in up.said()
    os.remove(used.file("postgres/postmaster.pid"))


def test_pooler_that_dies_ends_it_all(start, used):
    up = start(used).ready()
    server = up.server_pid()
    os.kill(up.pooler_pid(), signal.SIGKILL)
    assert up.ended() == 1
    assert "the pooler ended by itself" in up.said()
    assert gone(server)


def test_lost_password(start, used):
    password = content(used, "password")
    os.remove(used.file("password"))
    up = start(used)
    assert up.ended() == 1
    assert f"move {used.file('postgres')} away" in up.said()
    used.write("password", password)
