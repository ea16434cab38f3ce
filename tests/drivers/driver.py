"""Runs a driver's program against a pooler with few servers, and judges both."""

import fcntl
import os
import re
import shutil
import signal
import subprocess

import pytest

from harness.cluster import PASSWORDS, ROOT
from harness.console import Console
from harness.waiting import seconds, until

USER = "scram_user"
DATABASE = "drivers"
CONSOLE_PASSWORD = "console secret"
POOL_SIZE = 3
FOLDER = os.path.dirname(os.path.abspath(__file__))
BUILT = os.path.join(ROOT, "build", "drivers")


def need(*programs):
    """Skips the test, with the reason, where a program is not installed."""
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")


def build(*command, **environment):
    """Compiles a program, one at a time so that parallel tests share the compiler's cache."""
    os.makedirs(BUILT, exist_ok=True)
    with open(os.path.join(BUILT, "lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(command, env={**os.environ, **environment}, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}"


class Driver:
    """Runs programs against one pooler and judges them, and the pooler after them."""

    def __init__(self, cluster, scratch):
        self.pooler = None
        self.login = {}  # what replaces the usual user and database in environment()
        self._cluster = cluster
        self._scratch = scratch

    def empty_database(self):
        """Nobody is connected, nothing is in it."""
        self._cluster.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                              f"WHERE datname = '{DATABASE}'", database="postgres")
        until(lambda: self._sessions() == 0, what="earlier sessions have ended")
        self._cluster.execute("DROP SCHEMA public CASCADE; "
                              f"CREATE SCHEMA public AUTHORIZATION {USER}", database=DATABASE)
        self._broken_before = self._broken()

    def environment(self):
        """libpq's variables, which most drivers read, and no configuration of the person's own."""
        kept = {name: text for name, text in os.environ.items() if not name.startswith("PG")}
        return {
            **kept, "PATH": f"{self._cluster.bin}:{os.environ['PATH']}", "HOME": self._scratch,
            "PGHOST": "127.0.0.1", "PGUSER": USER, "PGDATABASE": DATABASE,
            "PGPORT": str((self.pooler or self._cluster).port), "PGPASSWORD": PASSWORDS[USER],
            **self.login}

    def run(self, *command, stdin="", folder=None, more=None, timeout=120):
        """Runs one program, which must succeed; its stdout and stderr are in the result."""
        command = [str(part) for part in command]
        program = subprocess.Popen(
            command, env={**self.environment(), **(more or {})}, cwd=folder or self._scratch,
            text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True)
        try:
            stdout, stderr = program.communicate(stdin, timeout=seconds(timeout))
            ending = f"ended with {program.returncode}"
        except subprocess.TimeoutExpired:
            os.killpg(program.pid, signal.SIGKILL)  # with the clients that it started
            stdout, stderr = program.communicate()
            ending = f"was still running after {seconds(timeout):g} s"
        said = f"{stdout[-4000:]}\n{stderr[-6000:]}"
        assert program.returncode == 0, f"{command} {ending}:\n{said}"
        return subprocess.CompletedProcess(command, 0, stdout, stderr)

    def check(self, *command, **options):
        """Runs one program that checks its own results and must say how many it checked."""
        said = self.run(*command, **options).stdout
        found = re.search(r"^ok (\d+) checks$", said, re.MULTILINE)
        assert found and int(found[1]) > 0, f"{command} did not say that it checked:\n{said}"

    def direct(self, sql):
        """One value out of the driver's database, past the pooler."""
        return self._cluster.execute(sql, database=DATABASE).value

    def judge(self):
        """No server session was broken off, the pool kept its size and is at rest."""
        assert self._broken() == self._broken_before, "server sessions were broken off"
        if self.pooler is None:
            return
        assert self._sessions() <= POOL_SIZE, f"{self._sessions()} servers in a pool of {POOL_SIZE}"
        connection = self.pooler.connect("console", "pgbouncer", CONSOLE_PASSWORD)
        with Console(connection) as console:
            until(lambda: self._at_rest(console), what="the pool is at rest")

    def _sessions(self):
        return int(self._cluster.execute(
            f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{DATABASE}'").value)

    def _broken(self):
        """How many sessions ended otherwise than by the client's Terminate, ever."""
        return int(self._cluster.execute(
            "SELECT sessions_abandoned + sessions_fatal + sessions_killed FROM pg_stat_database "
            f"WHERE datname = '{DATABASE}'").value)

    @staticmethod
    def _at_rest(console):
        pools = [row for row in console.show("POOLS") if row["database"] == DATABASE]
        return all(row[name] == "0" for row in pools
                   for name in ("cl_active", "cl_waiting", "sv_active"))
