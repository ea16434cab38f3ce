"""`weir top`: keys and screens in a real terminal, against a pooler with clients."""

import os
import re
import shutil
import subprocess
import threading

import pytest

from harness import frontend as fe
from harness.account import Directory
from harness.certificates import Authority
from harness.ports import free_port
from harness.pooler import KIND, program
from harness.terminal import Terminal
from harness.waiting import seconds, until

WEIR = program("weir")

# What a shell has set for other servers must not reach the program under test.
BARE = {name: value for name, value in os.environ.items()
        if not name.startswith("PG") and name != "NO_COLOR"}


def where(pooler, user="watch"):
    return f"host=127.0.0.1 port={pooler.port} user={user}"


def run_top(*arguments, environment=None):
    """Without a terminal."""
    return subprocess.run([WEIR, "top", *arguments], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, env={**BARE, **(environment or {})},
                          timeout=seconds(30))


@pytest.fixture
def open_top():
    """Starts `weir top` in terminals."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    terminals = []

    def start(connection, *options, **terminal):
        terminals.append(Terminal([WEIR, "top", "--interval", "1", *options, connection],
                                  **terminal))
        return terminals[-1]

    yield start
    for terminal in terminals:
        terminal.close()


@pytest.fixture
def busy(make_pooler):
    """A pool of two servers, both in transactions, with one client that waits; a quiet pool."""
    pooler = make_pooler(databases={"app": {}, "quiet": {}})
    *clients, waiting = [pooler.connect("alice", parameters={"application_name": name})
                         for name in ("holder0", "holder1", "waiter")]
    for client in clients:
        client.query("BEGIN")
    waiting.send(fe.query("SELECT 1"))
    idle = pooler.connect("bob", "quiet")
    idle.query("SELECT 1")
    with pooler.console() as console:
        until(lambda: console.pool()["cl_waiting"] == "1", what="one client waits")
    pooler.clients = [*clients, waiting, idle]
    yield pooler
    for client in pooler.clients:
        client.abandon()


def row(screen, *words):
    """The cells of the one line that begins with these words."""
    found = [line.split() for line in screen.splitlines() if line.split()[:len(words)] == [*words]]
    assert len(found) == 1, f"{words} in:\n{screen}"
    return found[0]


def first_row(terminal):
    """The line under the heading."""
    return terminal.lines()[5].split()


class Load(threading.Thread):
    """One client that asks one query after the other."""

    def __init__(self, pooler):
        super().__init__()
        self._client = pooler.connect("alice")
        self._end = threading.Event()

    def run(self):
        while not self._end.wait(0.005):
            self._client.query("SELECT 1")

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self.join()
        self._client.close()


# The tables

def test_pools(busy, open_top):
    top = open_top(where(busy))
    screen = top.shows("1 waiting (longest", "[1 Pools]")
    assert f"at 127.0.0.1:{busy.port} as watch" in screen
    assert "every 1 s" in screen
    # CLIENTS WAITING LONGEST (two words) BUSY IDLE OTHER SIZE USE; the one that waits is first.
    cells = first_row(top)
    assert cells[:4] == ["app", "alice", "2", "1"]
    assert cells[6:] == ["2", "0", "0", "2", "100%"]
    assert row(screen, "quiet", "bob")[2:4] == ["1", "0"]
    top.press("q")
    assert top.ended() == 0


def test_rates(pooler, open_top):
    top = open_top(where(pooler), "--view", "databases")
    with Load(pooler):
        until(lambda: re.search(r"rates: [1-9]\S* tx/s, [1-9]\S* queries/s of \d", top.text()),
              what="rates")
        until(lambda: first_row(top)[0] == "app" and float(first_row(top)[3]) > 0,
              what="the database's rate")
    # And down to nothing again.
    top.shows("rates: 0 tx/s, 0 queries/s of 0.00 ms")


def test_from_a_pool_to_its_clients_and_servers(busy, cluster, open_top):
    top = open_top(where(busy), size=(140, 24))
    top.shows("[1 Pools]", "quiet")
    top.press("Enter")
    screen = top.shows("[3 Clients]", "of app as alice", "waiter")
    assert "bob" not in screen
    backends = {backend["pid"] for backend in cluster.backends("usename = 'alice'")}
    shown = {line.split()[5] for line in screen.splitlines() if "holder" in line}
    assert shown == backends
    top.press("Tab")
    screen = top.shows("[4 Servers]", "of app as alice", "active")
    shown = {line.split()[4] for line in screen.splitlines() if line.startswith("alice")}
    assert shown == backends
    top.press("Escape")
    top.shows("[1 Pools]", "quiet")


# The keys

def test_sort_and_reverse(busy, open_top):
    top = open_top(where(busy))
    top.shows("WAITINGv")
    top.press("<", "<", "<")
    top.shows("DATABASE^")
    assert first_row(top)[0] == "app"
    top.press("r")
    top.shows("DATABASEv")
    assert first_row(top)[0] == "quiet"
    top.press("Right")
    top.shows("USER^")


def test_filter(busy, open_top):
    top = open_top(where(busy))
    top.shows("app", "quiet")
    top.press("/")
    top.type("QUI")
    top.shows("filter: QUI_")
    top.press("Enter")
    until(lambda: first_row(top)[0] == "quiet" and "app " not in top.text(), what="one pool")
    top.press("Escape")
    top.shows("app", "quiet")


def test_pause_and_interval(busy, open_top):
    top = open_top(where(busy))
    top.shows("every 1 s")
    top.press("+")
    top.shows("every 2 s")
    top.press("-", "Space")
    top.shows("PAUSED")
    late = busy.connect("carol", "quiet")
    late.query("SELECT 1")
    busy.clients.append(late)
    assert "carol" not in top.text()
    top.press("p")
    top.shows("every 1 s", "carol")


def test_help(pooler, open_top):
    top = open_top(where(pooler))
    top.shows("h help")
    top.press("h")
    top.shows("the clients of a pool or database", "any key closes the help")
    top.press("x")
    top.shows("[1 Pools]", "h help")


def test_control_c(pooler, open_top):
    top = open_top(where(pooler))
    top.shows("[1 Pools]")
    top.press("C-c")
    assert top.ended() == 1


# The terminal

def test_sizes(busy, open_top):
    top = open_top(where(busy))
    top.shows("WAITINGv")
    top.resize(40, 8)
    until(lambda: len(top.lines()) == 8 and top.lines()[5].startswith("app"), what="a small screen")
    assert "WAITING" not in top.text() or all(len(line) <= 40 for line in top.lines())
    top.press("End")
    top.shows("quiet", "2/2")
    top.resize(160, 40)
    top.shows("MODE", "transaction")


def test_colours(busy, open_top):
    coloured = re.compile(r"\x1b\[[0-9;]*3[0-7]m")
    top = open_top(where(busy))
    top.shows("[1 Pools]")
    assert coloured.search(top.colours())
    plain = open_top(where(busy), environment={"NO_COLOR": "1"})
    plain.shows("[1 Pools]")
    assert not coloured.search(plain.colours())
    assert re.search(r"\x1b\[(\d+;)*7m", plain.colours())


def test_terminals_that_cannot(busy, open_top):
    dumb = open_top(where(busy), environment={"TERM": "dumb"})
    assert dumb.ended() == 0
    assert "DATABASE" in dumb.printed()
    unknown = open_top(where(busy), environment={"TERM": "nonesuch"})
    assert unknown.ended() == 1
    assert '"nonesuch" (TERM) is not known here' in unknown.printed()


def test_names_cannot_steer_the_terminal(pooler, open_top):
    with pooler.connect("alice", parameters={"application_name": "evil\x1b[2Jname"}) as client:
        client.query("SELECT 1")
        top = open_top(where(pooler), "--view", "clients", size=(140, 24))
        # PgBouncer shows what PostgreSQL makes of it, which is harmless already.
        top.shows("evil?[2Jname" if KIND == "weir" else "evil\\x1b[2Jname")


# Trouble on the way

def test_a_lost_pooler_is_found_again(pooler, open_top):
    top = open_top(where(pooler))
    top.shows("[1 Pools]")
    pooler.signal("KILL")
    pooler.wait()
    top.shows("trying again: Connection refused")
    pooler.may_end = False
    pooler.start()
    until(lambda: "trying again" not in top.text(), what="the pooler is there again")
    top.shows("rates:")
    top.press("q")
    assert top.ended() == 0


# Plain text

def test_once(busy):
    done = run_top("--once", "--interval", "1", where(busy))
    assert done.returncode == 0, done.stderr
    assert row(done.stdout, "app", "alice")[2:4] == ["2", "1"]
    assert "rates: 0 tx/s" in done.stdout
    assert len([line for line in done.stdout.splitlines() if line.startswith("DATABASE")]) == 2


def test_without_a_terminal_it_is_plain_text_too(busy):
    done = run_top("--interval", "1", "--view", "clients", where(busy))
    assert done.returncode == 0, done.stderr
    assert any("waiter" in line for line in done.stdout.splitlines()), done.stdout
    assert "\x1b" not in done.stdout


# Logins

def test_variables_and_passwords_of_libpq(make_pooler):
    pooler = make_pooler(settings={"auth_type": "scram-sha-256", "stats_users": "scram_user"})
    variables = {"PGHOST": "127.0.0.1", "PGPORT": str(pooler.port), "PGUSER": "scram_user",
                 "PGDATABASE": "app"}
    missing = run_top("--once", environment={**variables, "HOME": "/nonexistent"})
    assert missing.returncode == 1
    assert "~/.pgpass" in missing.stderr
    given = run_top("--once", "--interval", "1",
                    environment={**variables, "PGPASSWORD": "scram secret"})
    assert given.returncode == 0, given.stderr
    home = Directory("home")
    try:
        home.write("pgpass", f"127.0.0.1:{pooler.port}:pgbouncer:scram_user:scram secret\n")
        os.chmod(home.file("pgpass"), 0o600)
        os.chown(home.file("pgpass"), os.getuid(), os.getgid())
        filed = run_top("--once", "--interval", "1",
                        environment={**variables, "PGPASSFILE": home.file("pgpass")})
        assert filed.returncode == 0, filed.stderr
    finally:
        home.remove()


def test_encryption(make_pooler):
    authority = Authority()
    try:
        authority.issue("pooler", "localhost", "DNS:localhost")
        pooler = make_pooler(settings={
            "client_tls_sslmode": "require", "client_tls_key_file": authority.key("pooler"),
            "client_tls_cert_file": authority.certificate("pooler")})
        verified = f"sslmode=verify-ca sslrootcert={authority.ca}"
        done = run_top("--once", "--interval", "1", f"{where(pooler)} {verified}")
        assert done.returncode == 0, done.stderr
        assert "sslmode=require" in refused(f"{where(pooler)} sslmode=disable")
    finally:
        authority.remove()


def test_a_unix_socket(pooler):
    # In words of their own, too.
    done = run_top("--once", "--interval", "1", f"host={pooler.directory.path}",
                   f"port={pooler.port}", "user=watch")
    assert done.returncode == 0, done.stderr
    assert f"at {pooler.socket} as watch" in done.stdout


# What is wrong, and the cure

def refused(*arguments):
    done = run_top(*arguments)
    assert done.returncode == 1
    assert done.stdout == ""
    return done.stderr


def test_nobody_there():
    assert "is the pooler running there?" in refused(f"host=127.0.0.1 port={free_port()}")


def test_a_user_without_the_right(pooler):
    assert "admin_users and stats_users" in refused(where(pooler, "alice"))


def test_not_a_console(pooler, cluster):
    error = refused(where(pooler, "alice") + " dbname=app")
    assert "no pooler's console" in error and "dbname=pgbouncer" in error
    host, port = cluster.address
    error = refused(f"host={host} port={port} user=alice")
    assert "a PostgreSQL server" in error


def test_wrong_arguments():
    assert "--colour" in refused("--colour")
    assert "postgres://USER@HOST:6432/pgbouncer" in refused("somehost")
    assert "--interval" in refused("--interval", "0")
    assert "--view" in refused("--view", "everything")


def test_help_page():
    done = run_top("--help")
    assert done.returncode == 0
    for word in ("CONNECTION-STRING", "--once", "--interval", "--view", "stats_users", "PGSERVICE"):
        assert word in done.stdout
    assert "top " in subprocess.run([WEIR, "--help"], capture_output=True, text=True).stdout
