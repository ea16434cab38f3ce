"""The processes that a comparison is about: servers behind, and the subjects in front of them."""

import os
import socket
import subprocess
from dataclasses import dataclass, field

from harness.account import Directory, spawn_options
from harness.cluster import Cluster
from harness.ports import free_port
from harness.waiting import until

USER, DATABASE = "alice", "app"
SCRAM_USER, SCRAM_PASSWORD = "scram_user", "scram secret"

DIRECT, RELAY, PGBOUNCER, WEIR, WEIR_2 = "direct", "relay", "pgbouncer", "weir-1", "weir-2"
SUBJECTS = (DIRECT, RELAY, PGBOUNCER, WEIR, WEIR_2)
POOLERS = (PGBOUNCER, WEIR, WEIR_2)


@dataclass(frozen=True)
class Programs:
    """Where everything is; what does not exist is skipped."""
    build: str
    pgbouncer: str
    weir: str
    pg_bin: str

    def of(self, subject):
        return {RELAY: self.tool("relay"), PGBOUNCER: self.pgbouncer, WEIR: self.weir,
                WEIR_2: self.weir}[subject]

    def tool(self, name):
        return os.path.join(self.build, name)

    def missing(self, subject):
        """A plain reason why the subject cannot take part, or None."""
        if subject == DIRECT or os.access(self.of(subject), os.X_OK):
            return None
        return f"{subject} is skipped: {self.of(subject)} is not there"

    def malloc_counter(self):
        for folder in ("", "bench"):
            path = os.path.join(self.build, folder, "libcount_malloc.so")
            if os.path.exists(path):
                return path
        return None


@dataclass
class Running:
    """A process with a port."""
    name: str
    port: int
    process: subprocess.Popen = None
    directory: Directory = None
    allocations: str = None

    @property
    def pid(self):
        return self.process.pid if self.process else None

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.directory is not None:
            self.directory.remove()


def _answers(running):
    if running.process.poll() is not None:
        log = running.directory.file("log")
        with open(log, encoding="utf-8", errors="replace") as text:
            raise RuntimeError(f"{running.name} did not start: {text.read()[-2000:]}")
    try:
        socket.create_connection(("127.0.0.1", running.port), 1).close()
        return True
    except OSError:
        return False


def spawn(name, port, command, directory, environment=None):
    with open(directory.file("log"), "ab") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                   cwd=directory.path, env={**os.environ, **(environment or {})},
                                   **spawn_options())
    running = Running(name, port, process, directory)
    try:
        until(lambda: _answers(running), timeout=10, what=f"{name} answers")
    except Exception:
        running.stop()
        raise
    return running


class InstantServer:
    """Answers at once; knows no passwords."""
    name = "instant"

    def __init__(self, programs, _scale):
        port = free_port()
        command = [programs.tool("instant_server"), "--port", str(port)]
        self._running = spawn("instant server", port, command, Directory("instant"))
        self.port = port
        self.scram_secret = None

    def stop(self):
        self._running.stop()


class PostgresServer:
    """PostgreSQL with pgbench's tables, everything in memory."""
    name = "postgres"

    def __init__(self, programs, scale):
        os.environ["PG_BIN"] = programs.pg_bin
        self._cluster = Cluster()
        try:
            self._cluster.create()
            for setting in ("max_connections = 700", "shared_buffers = '256MB'"):
                self._cluster.execute(f"ALTER SYSTEM SET {setting}")
            self._cluster.restart()
            self.port = self._cluster.port
            self.scram_secret = self._cluster.secret_of(SCRAM_USER)
            self._fill(programs.pg_bin, scale)
        except Exception:
            self._cluster.destroy()
            raise

    def _fill(self, pg_bin, scale):
        subprocess.run([os.path.join(pg_bin, "pgbench"), "-h", "127.0.0.1", "-p", str(self.port),
                        "-U", USER, "-i", "-q", "-s", str(scale), DATABASE],
                       check=True, capture_output=True)
        self._cluster.execute("CREATE TABLE sink (line text); GRANT ALL ON sink TO PUBLIC")

    def stop(self):
        self._cluster.destroy()


SERVERS = {"instant": InstantServer, "postgres": PostgresServer}


@dataclass(frozen=True)
class Setup:
    """What a pooler is started with; scenarios of one setup share the started processes."""
    server: str
    pool_size: int = 20
    scram: bool = False
    count_allocations: bool = False


def pooler_files(subject, setup, server, port, directory):
    """Writes the configuration; both poolers read the same one."""
    users = {USER: "", SCRAM_USER: server.scram_secret if setup.scram else ""}
    listed = directory.write("users.txt", "".join(f'"{u}" "{s or ""}"\n' for u, s in users.items()))
    settings = {
        "listen_addr": "127.0.0.1", "listen_port": port, "unix_socket_dir": "",
        "auth_type": "scram-sha-256" if setup.scram else "trust", "auth_file": listed,
        "pool_mode": "transaction", "max_client_conn": 12000, "listen_backlog": 4096,
        "default_pool_size": setup.pool_size, "max_prepared_statements": 200,
        "log_connections": 0, "log_disconnections": 0, "stats_period": 600,
    }
    sections = {"databases": {DATABASE: f"host=127.0.0.1 port={server.port} dbname={DATABASE}"},
                "pgbouncer": settings}
    if subject != PGBOUNCER:
        sections["weir"] = {"workers": 2 if subject == WEIR_2 else 1}
    return directory.write("pooler.ini", "".join(
        f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in pairs.items())
        for name, pairs in sections.items()))


def start_subject(subject, setup, server, programs):
    """A Running of the subject in front of the server. Direct is the server itself."""
    if subject == DIRECT:
        return Running(DIRECT, server.port)
    directory, port = Directory("bench"), free_port()
    if subject == RELAY:
        command = [programs.of(RELAY), "--port", str(port), "--backend-port", str(server.port)]
    else:
        command = [programs.of(subject), pooler_files(subject, setup, server, port, directory)]
    environment = {}
    if setup.count_allocations:
        environment = {"LD_PRELOAD": programs.malloc_counter(),
                       "COUNT_MALLOC_FILE": directory.file("allocations")}
    running = spawn(subject, port, command, directory, environment)
    if setup.count_allocations:
        running.allocations = directory.file("allocations")
    return running
