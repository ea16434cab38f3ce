"""Signals, and the end of the process."""

import os
import socket
import time

import pytest

from harness import frontend as fe
from harness.errors import check
from harness.waiting import until
from harness.wire import Connection, Refused


def test_term_waits_for_clients_and_a_second_one_does_not(pooler):
    client = pooler.connect()
    pooler.may_end = True
    pooler.signal("TERM")
    time.sleep(0.3)
    assert pooler.alive and client.alive()
    pooler.signal("TERM")
    assert pooler.wait() == 0
    assert client.read_to_end().closed


def test_term_without_clients(pooler):
    pooler.may_end = True
    pooler.signal("TERM")
    assert pooler.wait() == 0


def test_int_waits_for_servers(pooler):
    busy, waiting = pooler.connect(), pooler.connect()
    busy.query("BEGIN")
    pooler.may_end = True
    pooler.signal("INT")
    time.sleep(0.3)
    assert pooler.alive
    waiting.send(fe.query("SELECT 1"))
    reply = waiting.read_to_end()
    if reply.errors:
        check(reply.error, "server shutting down")
    assert busy.query("COMMIT").status == "I"
    assert pooler.wait() == 0


def test_second_int_is_immediate(pooler):
    busy = pooler.connect()
    busy.query("BEGIN")
    pooler.may_end = True
    pooler.signal("INT")
    time.sleep(0.3)
    assert pooler.alive
    pooler.signal("INT")
    assert pooler.wait() == 0


def test_quit_is_immediate(cluster, pooler):
    busy = pooler.connect()
    busy.send(fe.query("SELECT pg_sleep(60)"))
    pooler.may_end = True
    pooler.signal("QUIT")
    assert pooler.wait() == 0
    assert busy.read_to_end().closed


@pytest.mark.parametrize("again", [False, True])
def test_usr1_pauses_and_usr2_resumes(cluster, pooler, again):
    with pooler.connect() as client:
        client.alive()
        pooler.signal("USR1")
        until(lambda: not cluster.backends(), what="no server is left")
        if again:
            pooler.signal("USR1")
        client.send(fe.query("SELECT 'after'"))
        assert client.silent_for(0.3) == []
        pooler.signal("USR2")
        assert client.read_until("Z").value == "after"


@pytest.mark.parametrize("name, begin, end", [
    ("TERM", "got SIGTERM, shutting down, waiting for all clients disconnect",
     "client connections dropped, exiting"),
    ("INT", "got SIGINT, shutting down, waiting for all servers connections to be released",
     "server connections dropped, exiting"),
    ("QUIT", "got SIGQUIT, fast exit", None)])
def test_log_of_the_end(pooler, name, begin, end):
    pooler.may_end = True
    pooler.signal(name)
    assert pooler.wait() == 0
    log = pooler.log()
    assert f" LOG {begin}\n" in log
    assert log.endswith(f" LOG {end or begin}\n")


@pytest.mark.parametrize("first", ["TERM", "INT"])
@pytest.mark.parametrize("second", ["TERM", "INT"])
def test_log_of_the_second_signal(pooler, first, second):
    busy = pooler.connect()
    busy.query("BEGIN")
    pooler.may_end = True
    pooler.signal(first)
    until(lambda: f"got SIG{first}, shutting down" in pooler.log(), what="it shuts down")
    pooler.signal("USR2")
    until(lambda: "got SIGUSR2 while shutting down, ignoring" in pooler.log(), what="ignored")
    pooler.signal(second)
    assert pooler.wait() == 0
    assert pooler.log().endswith(f" LOG got SIG{second} while shutting down, fast exit\n")


def test_log_of_pauses(pooler):
    for name, text in (("USR2", "got SIGUSR2, but not paused"),
                       ("USR1", "got SIGUSR1, pausing all activity"),
                       ("USR1", "got SIGUSR1, but already paused"),
                       ("USR2", "got SIGUSR2, continuing from PAUSE"),
                       ("HUP", "got SIGHUP, re-reading config")):
        pooler.signal(name)
        until(lambda expected=text: f" LOG {expected}\n" in pooler.log(), what=text)


@pytest.mark.parametrize("name", ["TERM", "INT"])
def test_console_over_the_unix_socket_while_shutting_down(pooler, name):
    busy = pooler.connect()
    busy.query("BEGIN")
    pooler.may_end = True
    pooler.signal(name)

    def is_closed():
        with socket.socket() as probe:
            return probe.connect_ex(pooler.address) != 0

    until(is_closed, what="TCP is closed")
    with Connection.login(pooler.socket, "console", "pgbouncer") as connection:
        assert connection.query("SHOW VERSION").value.startswith("PgBouncer 1.26.1")
        assert connection.query("RESUME").error["M"] == "pooler is shutting down"
    with pytest.raises(Refused) as refused:
        Connection.login(pooler.socket, "alice", "app")
    check(refused.value.error, "pooler is shutting down")
    assert busy.query("COMMIT").status == "I"
    busy.close()
    assert pooler.wait() == 0


@pytest.mark.parametrize("wait, end", [("", None), (" WAIT_FOR_CLIENTS", "client"),
                                       (" WAIT_FOR_SERVERS", "server")])
def test_log_of_shutdown_commands(pooler, wait, end):
    with pooler.console() as console:
        pooler.may_end = True
        console.connection.send(fe.query(f"SHUTDOWN{wait}"))
        if end:
            assert console.connection.read_until("Z").tags == ["SHUTDOWN"]
    assert pooler.wait() == 0
    log = pooler.log()
    assert f" LOG SHUTDOWN{wait} command issued\n" in log
    if end:
        assert log.endswith(f" LOG {end} connections dropped, exiting\n")
    else:
        assert "dropped, exiting" not in log


def test_socket_file_is_removed(pooler):
    assert os.path.exists(pooler.socket)
    pooler.may_end = True
    pooler.signal("TERM")
    assert pooler.wait() == 0
    assert not os.path.exists(pooler.socket)


def test_pid_file(make_pooler):
    pooler = make_pooler()
    path = pooler.directory.file("pid")
    pooler.signal("QUIT")
    assert pooler.wait() == 0
    pooler.configure(settings={"pidfile": path}).start()
    with open(path, encoding="ascii") as pid:
        assert int(pid.read()) == pooler.pid
