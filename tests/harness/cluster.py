"""A private PostgreSQL 17 on a free port, fast and forgetful."""

import os
import subprocess
import time

from .account import Directory, give, spawn_options, user_name
from .ports import Port
from .waiting import seconds, until
from .wire import Closed, Connection, Refused

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# Users by how the server asks for their password. Those of trust have none.
PASSWORDS = {"scram_user": "scram secret", "md5_user": "md5 secret", "plain_user": "plain secret"}
TRUSTED = ("alice", "bob", "carol")

# What marks the connections that the harness itself makes.
OURS = {"application_name": "harness"}

SETTINGS = """
listen_addresses = '127.0.0.1'
max_connections = 200
shared_buffers = 32MB
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
jit = off
log_min_messages = log
log_line_prefix = '%m [%p] %u@%d '
max_prepared_transactions = 10
wal_level = logical
max_wal_size = 4GB
"""

HBA = """
local all all trust
host all scram_user 127.0.0.1/32 scram-sha-256
host all md5_user 127.0.0.1/32 md5
host all plain_user 127.0.0.1/32 password
host all all 127.0.0.1/32 trust
host replication all 127.0.0.1/32 trust
"""

ROLES = """
CREATE ROLE alice LOGIN; CREATE ROLE bob LOGIN; CREATE ROLE carol LOGIN;
CREATE ROLE helper_role; GRANT helper_role TO alice, bob;
CREATE ROLE scram_user LOGIN PASSWORD 'scram secret';
CREATE ROLE plain_user LOGIN PASSWORD 'plain secret';
SET password_encryption = 'md5';
CREATE ROLE md5_user LOGIN PASSWORD 'md5 secret';
RESET password_encryption;
"""


def program_directory():
    """Where PostgreSQL's programs are: PG_BIN, or what tools/postgresql prints."""
    if "PG_BIN" in os.environ:
        return os.environ["PG_BIN"]
    tool = os.path.join(ROOT, "tools", "postgresql")
    done = subprocess.run([tool], capture_output=True, text=True, check=True)
    return done.stdout.strip().splitlines()[-1]


class Cluster:
    """One PostgreSQL server with the database `app` and the users named above."""

    def __init__(self):
        self.bin = program_directory()
        self.directory = Directory("pg")
        self._claim = Port()
        self.port = self._claim.number
        self.address = ("127.0.0.1", self.port)
        self._data = self.directory.file("data")
        self._log = self.directory.file("log")
        self._server = None

    def create(self):
        self._program("initdb", "-D", self._data, "-U", "postgres", "-A", "trust", "--no-sync",
                      "--locale=C.UTF-8", "-E", "UTF8", "--no-instructions")
        self._write("postgresql.auto.conf", f"port = {self.port}\n"
                    f"unix_socket_directories = '{self.directory.path}'\n{SETTINGS}")
        self._write("pg_hba.conf", HBA)
        self.start()
        self.execute("CREATE DATABASE app", database="postgres")
        self.execute(ROLES + "GRANT ALL ON SCHEMA public TO PUBLIC")
        return self

    def start(self):
        with open(self._log, "ab") as log:
            self._server = subprocess.Popen(
                [os.path.join(self.bin, "postgres"), "-D", self._data],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, **spawn_options())
        until(self._answers, timeout=30, what="PostgreSQL answers")

    def stop(self, signal="INT"):
        """INT stops fast, QUIT at once without a word to WAL."""
        if self._server is None:
            return
        self._server.send_signal({"INT": 2, "QUIT": 3}[signal])
        self._server.wait(seconds(30))
        self._server = None

    def restart(self, signal="INT"):
        self.stop(signal)
        self.start()

    @property
    def running(self):
        return self._server is not None and self._server.poll() is None

    def destroy(self):
        self.stop("QUIT")
        self.directory.remove()
        self._claim.release()

    def connect(self, user="alice", database="app", password=None, **options):
        password = PASSWORDS.get(user) if password is None else password
        return Connection.login(self.address, user, database, password, **options)

    def execute(self, sql, database="app"):
        """Runs statements as superuser, past the pooler; fails on any error."""
        with self.connect("postgres", database, parameters=OURS) as connection:
            reply = connection.query(sql, timeout=30)
        assert not reply.errors, reply.explain()
        return reply

    def backends(self, where="true"):
        """Client backends of `app` other than execute()'s, as dicts of pg_stat_activity."""
        return self.execute(
            "SELECT pid, usename, application_name, state, query FROM pg_stat_activity "
            "WHERE backend_type = 'client backend' AND datname = 'app' "
            f"AND application_name <> '{OURS['application_name']}' AND ({where}) "
            "ORDER BY backend_start").dicts

    def terminate_backends(self, where="true"):
        """Ends them, and leaves their peers a moment to hear of it."""
        pids = [row["pid"] for row in self.backends(where)]
        if not pids:
            return
        listed = ", ".join(pids)
        self.execute(f"SELECT pg_terminate_backend(pid) FROM unnest(ARRAY[{listed}]) pid")
        until(lambda: not self.backends(f"pid IN ({listed})"), what="the backends are gone")
        time.sleep(0.1)

    def secret_of(self, user):
        """The password as the server stores it."""
        return self.execute(
            f"SELECT rolpassword FROM pg_authid WHERE rolname = '{user}'").value

    def log(self):
        with open(self._log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def _answers(self):
        assert self._server.poll() is None, f"PostgreSQL ended:\n{self.log()[-3000:]}"
        try:
            self.connect("postgres", "postgres", timeout=2).close()
            return True
        except (OSError, Closed, Refused):
            return False

    def _write(self, name, text):
        path = os.path.join(self._data, name)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        give(path)

    def _program(self, name, *arguments):
        environment = {**os.environ, "HOME": self.directory.path, "USER": user_name()}
        done = subprocess.run([os.path.join(self.bin, name), *arguments], env=environment,
                              capture_output=True, text=True, **spawn_options())
        assert done.returncode == 0, f"{name} failed:\n{done.stdout}{done.stderr}"
