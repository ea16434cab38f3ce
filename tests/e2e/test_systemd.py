"""What systemd passes and is told, without systemd."""

import os
import socket
import subprocess
import sys
import threading

import pytest

from harness.account import Directory, give, spawn_options
from harness.pooler import program
from harness.waiting import until
from harness.wire import Connection


@pytest.fixture
def notices():
    """A service manager's ear: (path, list of messages so far)."""
    directory = Directory("notify")
    path = directory.file("notify")
    ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    ear.bind(path)
    give(path)
    heard = []

    def listen():
        while message := ear.recv(65536):
            heard.append(message.decode().splitlines())

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    yield path, heard
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.sendto(b"", path)
    thread.join()
    ear.close()
    directory.remove()


def test_notices(make_pooler, notices, monkeypatch):
    path, heard = notices
    monkeypatch.setenv("NOTIFY_SOCKET", path)
    pooler = make_pooler(settings={"stats_period": 1})
    monkeypatch.delenv("NOTIFY_SOCKET")
    until(lambda: heard, what="ready")
    assert heard[0] == ["READY=1"]
    pooler.signal("HUP")
    until(lambda: heard.count(["READY=1"]) == 2, what="reloaded")
    reloading = next(message for message in heard if message[0] == "RELOADING=1")
    assert reloading[1].startswith("MONOTONIC_USEC=") and int(reloading[1].split("=")[1]) > 0
    until(lambda: any(message[0].startswith("STATUS=stats: ") for message in heard),
          what="a status")
    client = pooler.connect()
    pooler.may_end = True
    pooler.signal("TERM")
    until(lambda: ["STOPPING=1"] in heard, what="stopping")
    client.close()
    assert pooler.wait() == 0


# Puts the descriptors that are its first arguments where systemd puts them, and becomes the rest.
PASS = """
import os, sys
count = int(sys.argv[1])
for i, fd in enumerate(sys.argv[2:2 + count]):
    os.dup2(int(fd), 100 + i)
for i in range(count):
    os.dup2(100 + i, 3 + i)
    os.close(100 + i)
os.environ.update(LISTEN_FDS=str(count), LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[2 + count], sys.argv[2 + count:])
"""


def start_with_sockets(pooler, sockets, names):
    numbers = [passed.fileno() for passed in sockets]
    environment = {**os.environ, "LISTEN_FDNAMES": names} if names else None
    with open(pooler.directory.file("log"), "ab") as log:
        pooler.process = subprocess.Popen(
            [sys.executable, "-c", PASS, str(len(numbers)), *map(str, numbers), program(),
             pooler.ini], env=environment, pass_fds=numbers, stdout=log, stderr=log,
            stdin=subprocess.DEVNULL, **spawn_options())


@pytest.mark.parametrize("names", ["", "tcp:unix"])
def test_socket_activation(make_pooler, names):
    pooler = make_pooler()
    pooler.signal("QUIT")
    assert pooler.wait() == 0
    pooler.may_end = False
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as unix:
        path = pooler.directory.file("passed")
        unix.bind(path)
        give(path)
        unix.listen()
        start_with_sockets(pooler, [tcp, unix], names)
        # A client that came before the pooler was there is served, too.
        for address in (tcp.getsockname(), path):
            with Connection.login(address, "alice", "app") as client:
                assert client.query("SELECT 1").value == "1"
        assert pooler.log().count("LOG socket passed from service manager (fd ") == 2
        assert not os.path.exists(pooler.socket)
        with socket.socket() as probe:
            assert probe.connect_ex(pooler.address) != 0
        pooler.signal("TERM")
        assert pooler.wait() == 0
        # They are systemd's: it must be able to start the next one with them.
        assert os.path.exists(path)
        with socket.create_connection(tcp.getsockname()):
            pass
