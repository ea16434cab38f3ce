"""One pooler process under test: its files, its life, and the checks when it ends.

WEIR_BIN names the program (default build/weir). WEIR_TEST_POOLER=pgbouncer runs PgBouncer
(PGBOUNCER_BIN) instead, which the tests then hold to what it is known to do.
"""

import os
import signal
import socket
import subprocess

from .account import Directory, spawn_options
from .cluster import PASSWORDS, ROOT, TRUSTED
from .console import Console
from .ports import Port
from .waiting import seconds, until
from .wire import Closed, Connection, Silence
from . import frontend as fe

KIND = os.environ.get("WEIR_TEST_POOLER", "weir")
WORKERS = int(os.environ.get("WEIR_TEST_WORKERS", "2"))

# None of these may ever be in a pooler's log.
FORBIDDEN = ("assertion failed", "ASSERT", "Sanitizer", "runtime error:", "terminate called",
             "double free", "stack smashing")


def program(kind=KIND):
    if kind == "pgbouncer":
        return os.environ.get("PGBOUNCER_BIN", "pgbouncer")
    return os.environ.get("WEIR_BIN", os.path.join(ROOT, "build", "weir"))


class Pooler:
    """A pooler on a free port in front of `cluster` (or of `server`, e.g. a proxy)."""

    def __init__(self, cluster, server=None, kind=None):
        self.cluster = cluster
        self.kind = kind or KIND
        self.server = server or cluster.address
        self._claim = Port()
        self.port = self._claim.number
        self.address = ("127.0.0.1", self.port)
        self.directory = Directory("pool")
        self.socket = self.directory.file(f".s.PGSQL.{self.port}")
        self.process = None
        self.may_end = False
        self._log = self.directory.file("log")

    # Configuration

    def entry(self, **options):
        """A value of [databases]: the server under test, and more."""
        host, port = self.server
        merged = {"host": host, "port": port, "dbname": "app", **options}
        return " ".join(f"{key}={value}" for key, value in merged.items() if value is not None)

    def configure(self, settings=None, databases=None, users=None, weir=None, userlist=None,
                  extra=""):
        """Writes the files. `databases` maps names to dicts of options or to whole values."""
        if userlist is None:
            userlist = {**{user: "" for user in TRUSTED}, **PASSWORDS, "console": "", "watch": ""}
        listed = self.directory.write("userlist.txt", "".join(
            '"{}" "{}"\n'.format(user, secret.replace('"', '""'))
            for user, secret in userlist.items()))
        main = {
            "listen_addr": "127.0.0.1", "listen_port": self.port,
            "unix_socket_dir": self.directory.path, "auth_type": "trust", "auth_file": listed,
            "admin_users": "console", "stats_users": "watch", "pool_mode": "transaction",
            "default_pool_size": 2, "max_client_conn": 200, **(settings or {})}
        databases = {"app": {}} if databases is None else databases
        sections = [("databases", {
            name: options if isinstance(options, str) else self.entry(**options)
            for name, options in databases.items()})]
        sections.append(("users", users or {}))
        sections.append(("pgbouncer", main))
        if self.kind == "weir":
            # Many run at a time: whoever wants HTTP says where.
            sections.append(("weir", {"workers": WORKERS, "http_port": 0, **(weir or {})}))
        text = "".join(
            f"[{section}]\n" + "".join(f"{key} = {value}\n" for key, value in pairs.items()
                                       if value is not None)
            for section, pairs in sections)
        self.ini = self.directory.write("pool.ini", text + extra)
        return self

    # Life

    def start(self, wait=True):
        with open(self._log, "ab") as log:
            self.process = subprocess.Popen(
                [program(self.kind), self.ini], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                cwd=self.directory.path, **spawn_options())
        if wait:
            until(self._answers, timeout=10, what="the pooler answers")
        return self

    @property
    def pid(self):
        return self.process.pid

    @property
    def alive(self):
        return self.process is not None and self.process.poll() is None

    def signal(self, name):
        self.process.send_signal(getattr(signal, "SIG" + name))

    def wait(self, timeout=10):
        """Waits for the end that the test asked for; the exit status."""
        self.may_end = True
        return self.process.wait(seconds(timeout))

    def finish(self):
        """Stops it, if it still runs, and fails if anything was wrong with its life."""
        try:
            if self.process is None:
                return
            if not self.may_end:
                assert self.alive, f"the pooler died: {self._ending()}"
            if self.alive:
                self.signal("QUIT")
                try:
                    self.process.wait(seconds(5))
                except subprocess.TimeoutExpired:
                    self.process.kill()
                    self.process.wait()
                    raise AssertionError(f"it did not stop:\n{self.log()[-3000:]}") from None
            assert self.process.returncode == 0, f"the pooler failed: {self._ending()}"
            found = [line for line in self.log().splitlines()
                     if any(word in line for word in FORBIDDEN)]
            assert not found, f"in the pooler's log: {found}\n{self.log()[-5000:]}"
        finally:
            if self.alive:
                self.process.kill()
                self.process.wait()
            self.directory.remove()
            self._claim.release()

    # Talking to it

    def connect(self, user="alice", database="app", password=None, **options):
        password = PASSWORDS.get(user) if password is None else password
        return Connection.login(self.address, user, database, password, **options)

    def connect_unix(self, user="alice", database="app", password=None, **options):
        password = PASSWORDS.get(user) if password is None else password
        return Connection.login(self.socket, user, database, password, **options)

    def console(self, user="console"):
        return Console(self.connect(user, "pgbouncer"))

    def raw(self, timeout=10.0):
        return Connection(self.address, timeout)

    # Looking at it

    def log(self):
        with open(self._log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def limit_descriptors(self, count):
        """Lowers the process's limit, as the account that it runs under."""
        subprocess.run(["prlimit", "--pid", str(self.pid), f"--nofile={count}:{count}"],
                       check=True, **spawn_options())

    def resident_kb(self):
        """Memory in use; always 0 with WEIR_TEST_SANITIZED, where it says nothing."""
        if "WEIR_TEST_SANITIZED" in os.environ:
            return 0
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

    def cpu_seconds(self):
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as stat:
            parts = stat.read().rsplit(")", 1)[1].split()
        return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def _answers(self):
        assert self.alive, f"the pooler did not start: {self._ending()}"
        try:
            probe = Connection(self.address, 2)
            try:
                probe.send(fe.ssl_request())
                answered = probe.read_bytes(1) in (b"N", b"S")
                # Once it has closed too, the probe is no longer counted as a client.
                probe.socket.shutdown(socket.SHUT_WR)
                probe.read_to_end()
                return answered
            finally:
                probe.abandon()
        except (OSError, Closed, Silence):
            return False

    def _ending(self):
        return f"status {self.process.poll()}, log:\n{self.log()[-5000:]}"
