"""-R: a new process takes over the sockets, the clients and the servers of the running one."""

import os
import subprocess
import threading

import pytest

from harness import frontend as fe
from harness.account import spawn_options
from harness.http import scrape
from harness.pooler import program
from harness.ports import Port
from harness.waiting import until
from harness.wire import Closed, Connection, cancel

pytestmark = pytest.mark.weir_only("PgBouncer 1.26 has no -R")


@pytest.fixture
def take_over():
    """Starts a new process in the place of a pooler's; the old one, which is to end by itself."""
    old = []

    def start(pooler):
        old.append(pooler.process)
        with open(pooler.directory.file("log"), "ab") as log:
            pooler.process = subprocess.Popen(
                [program(), "-R", pooler.ini], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                cwd=pooler.directory.path, **spawn_options())
        until(lambda: f"[{pooler.pid}] LOG process up" in pooler.log() or not pooler.alive,
              what="the new process is up")
        assert pooler.alive, pooler.log()[-3000:]
        return old[-1]

    yield start
    for process in old:
        if process.poll() is None:
            process.kill()
            process.wait()


def has_ended(process):
    until(lambda: process.poll() is not None, what="the old process has ended")
    assert process.returncode == 0


def test_metrics_move_to_the_new_process(make_pooler, take_over):
    """The old process lets go of the port when the new one is up, not when it ends."""
    port = Port()
    try:
        pooler = make_pooler(weir={"http_port": port.number})
        first = scrape(port.number).value("pgbouncer_process_start_time_seconds")
        with pooler.connect() as client:
            client.query("BEGIN")  # keeps the old process
            old = take_over(pooler)

            def moved():
                try:
                    metrics = scrape(port.number)
                except OSError:
                    return False
                return metrics.value("pgbouncer_process_start_time_seconds") != first
            until(moved, timeout=20, what="the new process answers there")
            assert old.poll() is None and "no metrics over HTTP" not in pooler.log()
            client.query("COMMIT")
        has_ended(old)
    finally:
        port.release()


def test_clients_and_servers_move(cluster, pooler, take_over):
    client = pooler.connect(parameters={"application_name": "traveller"})
    client.query("SET statement_timeout = '77s'")
    client.exchange(fe.parse("mine", "SELECT 'prepared ' || $1::text"), fe.sync())
    backend = client.query("SELECT pg_backend_pid()").value
    has_ended(take_over(pooler))
    assert client.query("SHOW statement_timeout").value == "77s"
    assert client.query("SHOW application_name").value == "traveller"
    reply = client.exchange(fe.bind("", "mine", [b"still"]), fe.execute(), fe.sync())
    assert reply.value == "prepared still"
    assert client.query("SELECT pg_backend_pid()").value == backend
    client.query("RESET statement_timeout")
    assert client.query("SHOW statement_timeout").value == "0"
    assert "everything has been taken over, exiting" in pooler.log()
    with pooler.console() as console:
        (row,) = console.clients()
        assert row["application_name"] == "traveller"
        assert row["port"] == str(client.socket.getsockname()[1])


def test_statements_of_different_processes_are_not_mixed_up(make_pooler, take_over):
    """The numbers of server-side names begin anew with every process."""
    pooler = make_pooler(settings={"default_pool_size": 1}, weir={"workers": 1})
    first = pooler.connect()
    first.exchange(fe.parse("s", "SELECT 'old'"), fe.sync())
    for number in range(3):
        has_ended(take_over(pooler))
        with pooler.connect() as second:
            text = f"SELECT 'new {number}'"
            second.exchange(fe.parse("s", text), fe.sync())
            assert second.exchange(fe.bind("", "s"), fe.execute(),
                                   fe.sync()).value == f"new {number}"
            assert first.exchange(fe.bind("", "s"), fe.execute(), fe.sync()).value == "old"


def test_unnamed_statement_moves(pooler, take_over):
    client = pooler.connect()
    client.exchange(fe.parse("", "SELECT 'unnamed'"), fe.sync())
    has_ended(take_over(pooler))
    assert client.exchange(fe.bind("", ""), fe.execute(), fe.sync()).value == "unnamed"


def test_running_transaction_ends_where_it_began(pooler, take_over):
    busy = pooler.connect()
    busy.query("BEGIN")
    backend = busy.query("SELECT pg_backend_pid()").value
    old = take_over(pooler)
    with pooler.connect() as other:
        assert other.query("SELECT 1").value == "1"
    assert old.poll() is None
    assert busy.query("SELECT pg_backend_pid()").value == backend
    assert busy.query("COMMIT").tags == ["COMMIT"]
    has_ended(old)
    assert busy.query("SELECT pg_backend_pid()").value == backend


def test_running_query_is_answered(pooler, take_over):
    busy = pooler.connect()
    busy.send(fe.query("SELECT pg_sleep(1), 'slept'"))
    old = take_over(pooler)
    assert busy.read_until("Z").rows == [("", "slept")]
    has_ended(old)
    assert busy.alive()


def test_half_a_message_is_completed(pooler, take_over):
    client = pooler.connect()
    message = fe.query("SELECT 'whole'")
    client.send(message[:9])
    until(lambda: client.silent_for(0.1) == [], what="it has been read")
    old = take_over(pooler)
    client.send(message[9:])
    assert client.read_until("Z").value == "whole"
    has_ended(old)
    assert client.alive()


def test_waiting_clients_move(make_pooler, take_over):
    pooler = make_pooler(settings={"default_pool_size": 1})
    busy, *waiting = [pooler.connect() for _ in range(4)]
    busy.query("BEGIN")
    for client in waiting:
        client.send(fe.query("SELECT 'served'"))
    old = take_over(pooler)
    for client in waiting:
        assert client.silent_for(0.05) == []
    busy.query("COMMIT")
    for client in waiting:
        assert client.read_until("Z").value == "served"
    has_ended(old)


def test_limits_hold_over_both(cluster, make_pooler, take_over):
    pooler = make_pooler(settings={"default_pool_size": 2})
    busy = [pooler.connect() for _ in range(2)]
    for client in busy:
        client.query("BEGIN")
    old = take_over(pooler)
    with pooler.connect() as new:
        until(lambda: f"[{old.pid}] LOG a new process" in pooler.log(), what="it leaves")
        new.send(fe.query("SELECT 'third'"))
        assert new.silent_for(0.5) == []
        assert len(cluster.backends()) == 2
        busy[0].query("COMMIT")
        assert new.read_until("Z").value == "third"
        assert len(cluster.backends()) == 2
        busy[1].query("COMMIT")
        has_ended(old)
        assert len(cluster.backends()) <= 2
        with pooler.console() as console:
            assert len(console.servers()) == len(cluster.backends())


def test_session_stays_until_it_ends(make_pooler, take_over):
    pooler = make_pooler(settings={"pool_mode": "session"})
    session, idle = pooler.connect(), pooler.connect()
    session.query("CREATE TEMP TABLE t AS SELECT 1")
    old = take_over(pooler)
    assert idle.query("SELECT 2").value == "2"
    assert session.query("SELECT * FROM t").value == "1"
    assert old.poll() is None
    session.close()
    has_ended(old)
    assert idle.alive()


def test_cancel_after_the_move(pooler, take_over):
    client = pooler.connect()
    has_ended(take_over(pooler))
    client.send(fe.query("SELECT pg_sleep(60)"))
    until(lambda: pooler.cluster.backends("query LIKE '%pg_sleep%'"), what="it runs")
    with Connection(pooler.address) as cancel:
        cancel.send(fe.cancel_request(client.pid, client.key))
        cancel.read_to_end()
    assert client.read_until("Z").sqlstate == "57014"


def sleeps(pooler):
    return pooler.cluster.backends("query LIKE '%pg_sleep%'")


@pytest.mark.parametrize("mode", ["transaction", "session"])
@pytest.mark.parametrize("protocol", [fe.PROTOCOL_3_0, fe.PROTOCOL_3_2])
@pytest.mark.parametrize("processes", [1, 2])
def test_cancel_of_who_stays_behind(make_pooler, take_over, mode, protocol, processes):
    """The request comes to the newest process, the client is with the first one."""
    pooler = make_pooler(settings={"pool_mode": mode})
    stays = pooler.connect(protocol=protocol)
    stays.query("BEGIN")
    old = [take_over(pooler) for _ in range(processes)]
    stays.send(fe.query("SELECT pg_sleep(60)"))
    until(lambda: sleeps(pooler), what="it runs")
    assert stays.cancel()
    reply = stays.read_until("Z")
    assert (reply.sqlstate, reply.status) == ("57014", "E")
    assert all(process.poll() is None for process in old)
    assert stays.query("ROLLBACK").status == "I"
    stays.close()
    for process in old:
        has_ended(process)


def test_cancel_of_nobody(pooler, take_over):
    """Neither an unknown key nor a wrong secret reaches the client that stays behind."""
    stays = pooler.connect(protocol=fe.PROTOCOL_3_2)
    stays.send(fe.query("BEGIN"), fe.query("SELECT pg_sleep(1), 'slept'"))
    old = take_over(pooler)
    assert cancel(pooler.address, 0x01020304, b"nobody's")
    assert cancel(pooler.address, stays.pid, stays.key[:-1] + bytes([stays.key[-1] ^ 1]))
    assert stays.read_until("Z", 2).rows == [("", "slept")]
    stays.query("COMMIT")
    has_ended(old)
    assert cancel(pooler.address, 0x01020304, b"nobody's")


def test_cancels_under_load(make_pooler, take_over):
    """Many at once for those that stay, while others go on in the new process."""
    pooler = make_pooler(settings={"default_pool_size": 8})
    stay = [pooler.connect() for _ in range(4)]
    for client in stay:
        client.query("BEGIN")
    old = take_over(pooler)
    with pooler.connect() as other:
        for _ in range(3):
            for client in stay:
                client.send(fe.query("SAVEPOINT s; SELECT pg_sleep(60)"))
            until(lambda: len(sleeps(pooler)) == len(stay), what="all run")
            asking = [threading.Thread(target=client.cancel) for client in stay]
            for thread in asking:
                thread.start()
            assert other.query("SELECT 1").value == "1"
            for client, thread in zip(stay, asking):
                assert client.read_until("Z").sqlstate == "57014"
                thread.join()
                assert client.query("ROLLBACK TO s").status == "T"
    for client in stay:
        client.query("COMMIT")
    has_ended(old)


def test_files(make_pooler, take_over):
    pooler = make_pooler()
    path = pooler.directory.file("pid")
    pooler.signal("QUIT")
    assert pooler.wait() == 0
    pooler.configure(settings={"pidfile": path}).start()
    pooler.may_end = False
    has_ended(take_over(pooler))
    with open(path, encoding="ascii") as file:
        assert int(file.read()) == pooler.pid
    with Connection.login(pooler.socket, "alice", "app") as client:
        assert client.alive()
    pooler.signal("TERM")
    assert pooler.wait() == 0
    assert [name for name in os.listdir(pooler.directory.path)
            if name.startswith(".s.") or name == "pid"] == []


def test_pause_and_disable_move(make_pooler, take_over):
    pooler = make_pooler(databases={"app": {}, "other": {}, "closed": {}})
    client = pooler.connect()
    with pooler.console() as console:
        console.do("PAUSE app")
        console.do("DISABLE closed")
    has_ended(take_over(pooler))
    client.send(fe.query("SELECT 'later'"))
    assert client.silent_for(0.3) == []
    with pooler.console() as console:
        rows = {row["name"]: row for row in console.show("DATABASES")}
        assert [rows[name]["paused"] for name in ("app", "other")] == ["1", "0"]
        assert [rows[name]["disabled"] for name in ("closed", "other")] == ["1", "0"]
        console.do("RESUME app")
    assert client.read_until("Z").value == "later"


def test_keys_of_scram_logins_move(cluster, make_pooler, take_over):
    pooler = make_pooler(settings={"auth_type": "scram-sha-256"},
                         userlist={"scram_user": cluster.secret_of("scram_user")})
    client = pooler.connect("scram_user")
    client.query("SELECT 1")
    has_ended(take_over(pooler))
    cluster.terminate_backends()
    assert client.query("SELECT current_user").value == "scram_user"


def test_database_that_is_gone(make_pooler, take_over):
    pooler = make_pooler(databases={"app": {}, "gone": {}})
    stays, goes = pooler.connect(), pooler.connect(database="gone")
    pooler.configure(databases={"app": {}})
    has_ended(take_over(pooler))
    assert stays.alive()
    assert goes.read_to_end().errors[-1]["M"] == "database removed"


def test_nobody_to_take_over_from(make_pooler):
    pooler = make_pooler()
    pooler.signal("QUIT")
    assert pooler.wait() == 0
    done = subprocess.run([program(), "-R", pooler.ini], capture_output=True, text=True,
                          **spawn_options())
    assert done.returncode == 1
    assert "FATAL no process to take over from" in done.stderr


def test_successor_that_dies_before_it_is_up(pooler, take_over):
    """The running one goes on as if nothing had been."""
    client = pooler.connect()
    with open(pooler.ini, encoding="utf-8") as file:
        text = file.read()
    broken = pooler.directory.write("broken.ini", text.replace(
        "listen_addr", "pidfile = /nowhere/pid\nlisten_addr"))
    done = subprocess.run([program(), "-R", broken], capture_output=True, text=True,
                          **spawn_options())
    assert done.returncode == 1 and "could not open pidfile" in done.stderr
    assert client.alive()
    with pooler.connect() as other:
        assert other.alive()
    has_ended(take_over(pooler))
    assert client.alive()


class Load(threading.Thread):
    """One client that never stops; what goes wrong is kept."""

    def __init__(self, pooler, number):
        super().__init__()
        self.number, self.done, self.stop, self.problem = number, 0, False, None
        self.connection = pooler.connect(parameters={"application_name": f"load {number}"})
        self.connection.query(f"SET app.tenant = 'tenant {number}'")
        self.connection.exchange(
            fe.parse("mine", f"SELECT {number} + $1::int, current_setting('app.tenant')"),
            fe.sync())

    def run(self):
        try:
            while not self.stop:
                self.step()
                self.done += 1
        except (Closed, OSError, AssertionError) as problem:
            self.problem = problem

    def step(self):
        expected = [(str(self.number + self.done), f"tenant {self.number}")]
        bind = fe.bind("", "mine", [str(self.done).encode()])
        reply = self.connection.exchange(bind, fe.execute(), fe.sync())
        assert reply.rows == expected, reply.explain()
        if self.done % 3 == 0:
            reply = self.connection.query("BEGIN; SELECT 1")
            assert reply.status == "T", reply.explain()
            reply = self.connection.exchange(bind, fe.execute(), fe.sync())
            assert reply.rows == expected, reply.explain()
            reply = self.connection.query("COMMIT")
            assert reply.tags == ["COMMIT"], reply.explain()


def test_under_load(cluster, make_pooler, take_over):
    pooler = make_pooler(settings={"default_pool_size": 4})
    clients = [Load(pooler, number) for number in range(12)]
    for client in clients:
        client.start()
    try:
        for _ in range(3):
            seen = [client.done for client in clients]
            old = take_over(pooler)
            has_ended(old)
            until(lambda before=seen: all(client.done > count or client.problem
                                          for client, count in zip(clients, before)),
                  what="everybody goes on")
            with pooler.connect() as newcomer:
                assert newcomer.query("SELECT 1").value == "1"
    finally:
        for client in clients:
            client.stop = True
        for client in clients:
            client.join()
    assert [client.problem for client in clients if client.problem] == []
    assert len(cluster.backends()) <= 4


# pgbench prepares with all its clients at a stand, so each needs a server of its own.
@pytest.mark.parametrize("mode, size", [("prepared", 8), ("simple", 3)])
def test_under_pgbench(cluster, make_pooler, take_over, mode, size):
    pooler = make_pooler(settings={"default_pool_size": size})
    script = pooler.directory.write("script.sql", "SELECT 1;\nBEGIN;\nSELECT 2;\nCOMMIT;\n")
    bench = subprocess.Popen(
        [os.path.join(cluster.bin, "pgbench"), "-n", "-M", mode, "-f", script, "-c", "8",
         "-T", "3", "-h", "127.0.0.1", "-p", str(pooler.port), "-U", "alice", "app"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        until(lambda: len(pooler.log().split("login attempt: ")) > 8, what="it runs")
        has_ended(take_over(pooler))
    finally:
        output, _ = bench.communicate(timeout=60)
    assert bench.returncode == 0, output
    assert "number of failed transactions: 0 " in output, output
