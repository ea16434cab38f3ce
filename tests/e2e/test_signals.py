"""Signals, and the end of the process."""

import os
import time

import pytest

from harness import frontend as fe
from harness.errors import check
from harness.waiting import until


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
