"""The examples of pgbouncer(1) and pgbouncer.ini(5), as people copy them."""

import os
import signal
import subprocess

import pytest

from harness.account import Directory, spawn_options
from harness.cluster import PASSWORDS
from harness.console import Console
from harness.pooler import program
from harness.ports import Port
from harness.waiting import seconds, until
from harness.wire import Connection, Refused

SECRET = PASSWORDS["md5_user"]


def runs(pid):
    try:
        os.kill(pid, 0)
        return True
    except ProcessLookupError:
        return False


@pytest.fixture
def example(cluster):
    """A folder for the files, and `start(ini)`, which runs the program in the background there."""
    folder, port, pids = Directory("man"), Port(), []

    class Example:
        address = ("127.0.0.1", port.number)
        write = staticmethod(folder.write)
        file = staticmethod(folder.file)

        @staticmethod
        def start(text):
            ini = folder.write("pgbouncer.ini", text.format(
                host=cluster.address[0], port=cluster.address[1], listen=port.number,
                directory=folder.path))
            done = subprocess.run([program(), "-d", ini], cwd=folder.path, capture_output=True,
                                  text=True, timeout=seconds(30), **spawn_options())
            assert done.returncode == 0, done.stderr
            until(lambda: os.path.exists(folder.file("pgbouncer.pid")), what="its pid file")
            until(lambda: "process up" in open(folder.file("pgbouncer.log")).read(),
                  what="it is up")
            with open(folder.file("pgbouncer.pid"), encoding="ascii") as file:
                pids.append(int(file.read()))
            return pids[-1]

    yield Example
    for pid in pids:
        if runs(pid):
            os.kill(pid, signal.SIGQUIT)
            until(lambda gone=pid: not runs(gone), what="it has ended")
    folder.remove()
    port.release()


MINIMAL = """
[databases]
template1 = host={host} port={port} dbname=app

[pgbouncer]
listen_port = {listen}
listen_addr = localhost
unix_socket_dir = {directory}
auth_type = md5
auth_file = userlist.txt
logfile = pgbouncer.log
pidfile = pgbouncer.pid
admin_users = md5_user
"""


def test_quick_start(example):
    """In the background with files relative to where it was started; a client, the console, a
    RELOAD after a change of the file, and the end."""
    example.write("userlist.txt", f'"md5_user" "{SECRET}"\n')
    pid = example.start(MINIMAL)
    with Connection.login(example.address, "md5_user", "template1", SECRET) as client:
        assert client.query("SELECT 1").value == "1"
    with Console(Connection.login(example.address, "md5_user", "pgbouncer", SECRET)) as console:
        assert "SHOW" in console.do("SHOW help").notices[0]["D"]
        assert console.show("config")
        assert console.do("RELOAD;").tags == ["RELOAD"]
    os.kill(pid, signal.SIGHUP)
    until(lambda: "got SIGHUP" in open(example.file("pgbouncer.log")).read(), what="the signal")
    os.kill(pid, signal.SIGTERM)
    until(lambda: not runs(pid), what="it has ended")
    assert not os.path.exists(example.file("pgbouncer.pid"))


DATABASES = """
[databases]
; over the Unix socket, with the same name
foodb =

; another name on the server
bardb = host={host} port={port} dbname=app

; everybody comes as one user, with settings of its own
forcedb = host={host} port={port} dbname=app user=md5_user password='""" + SECRET + """' \
client_encoding=UNICODE datestyle=ISO

; sizes of its own
nondefaultdb = host={host} port={port} dbname=app pool_size=50 reserve_pool_size=10

; everything else
* = host={host} port={port}

[users]
scram_user = pool_mode=session max_user_connections=10

[peers]
1 = host=host1.example.com
2 = host=/tmp/pgbouncer-2 port=5555

[pgbouncer]
pool_mode = transaction
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir = {directory}
auth_type = trust
auth_file = userlist.txt
logfile = pgbouncer.log
pidfile = pgbouncer.pid
admin_users = alice
; what a server forgets between sessions
server_reset_query = DISCARD ALL
ignore_startup_parameters = extra_float_digits
max_client_conn = 100
default_pool_size = 20
"""


def test_database_definitions(example):
    example.write("userlist.txt", f'"alice" ""\n"scram_user" "{PASSWORDS["scram_user"]}"\n')
    example.start(DATABASES)
    for database, user, role in (("bardb", "alice", "alice"), ("forcedb", "alice", "md5_user"),
                                 ("nondefaultdb", "alice", "alice"), ("app", "alice", "alice")):
        with Connection.login(example.address, user, database) as client:
            assert client.query("SELECT current_database() || '/' || current_user").value == (
                f"app/{role}")
    with Connection.login(example.address, "alice", "forcedb") as client:
        assert client.query("SHOW client_encoding").value == "UNICODE"
    with Console(Connection.login(example.address, "alice", "pgbouncer")) as console:
        rows = {row["name"]: row for row in console.show("DATABASES")}
        assert (rows["foodb"]["host"], rows["foodb"]["database"]) == (None, "foodb")
        assert (rows["nondefaultdb"]["pool_size"], rows["nondefaultdb"]["reserve_pool_size"]) == (
            "50", "10")
        assert rows["forcedb"]["force_user"] == "md5_user" and "app" in rows
        users = {row["name"]: row for row in console.show("USERS")}
        assert (users["scram_user"]["pool_mode"], users["scram_user"]["max_user_connections"]) == (
            "session", "10")
        peers = {row["peer_id"]: (row["host"], row["port"]) for row in console.show("PEERS")}
        assert peers == {"1": ("host1.example.com", "6432"), "2": ("/tmp/pgbouncer-2", "5555")}


LOOKUP = """
CREATE SCHEMA IF NOT EXISTS lookup;
CREATE OR REPLACE FUNCTION lookup.user_lookup(i_username text, OUT uname text, OUT phash text)
  RETURNS record AS $$
BEGIN
  SELECT usename, passwd FROM pg_catalog.pg_shadow WHERE usename = i_username INTO uname, phash;
  RETURN;
END;
$$ LANGUAGE plpgsql SECURITY DEFINER;
REVOKE ALL ON FUNCTION lookup.user_lookup(text) FROM public;
GRANT USAGE ON SCHEMA lookup TO alice;
GRANT EXECUTE ON FUNCTION lookup.user_lookup(text) TO alice;
"""


def test_lookup_by_a_function(cluster, make_pooler):
    """auth_query as a function that reads pg_shadow for a user who may not."""
    cluster.execute(LOOKUP, database="app")
    pooler = make_pooler(settings={
        "auth_type": "scram-sha-256", "auth_user": "alice", "auth_dbname": "app",
        "auth_query": "SELECT * FROM lookup.user_lookup($1)"}, userlist={"alice": ""})
    with pooler.connect("scram_user") as client:
        assert client.value("SELECT current_user") == "scram_user"
    with pytest.raises(Refused):
        pooler.connect("scram_user", password="wrong")
    with pytest.raises(Refused):
        pooler.connect("nobody_there", password="x")
    cluster.execute("DROP SCHEMA lookup CASCADE", database="app")
