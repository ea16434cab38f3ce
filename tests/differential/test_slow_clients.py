"""Peers that do not read or hardly write: memory stays bounded and others are served."""

import socket
import threading
import time

from harness import frontend as fe
from harness.waiting import seconds, until


def test_slow_reader_is_not_buffered(make_pooler):
    """A 200 MB result nobody reads stays in the server, not in the pooler."""
    pooler = make_pooler(databases={"app": {"pool_size": 3}})
    with pooler.connect() as other:
        other.alive()
        before = pooler.resident_kb()
        slow = [pooler.connect() for _ in range(2)]
        for client in slow:
            client.send(fe.query("SELECT repeat('Z', 10000) FROM generate_series(1, 20000)"))
        for _ in range(10):
            assert other.alive()
            time.sleep(0.05)
        assert pooler.resident_kb() - before < 12000
        reply = slow[0].read_until("Z", timeout=60)
        assert len(reply.of("D")) == 20000
        for client in slow:
            client.abandon()
        assert other.alive()


def test_slow_reader_costs_no_cpu(make_pooler):
    """Waiting for a peer is waiting, not spinning."""
    pooler = make_pooler(databases={"app": {"pool_size": 2}})
    with pooler.connect() as slow:
        slow.send(fe.query("SELECT repeat('Z', 10000) FROM generate_series(1, 20000)"))
        time.sleep(0.5)
        before = pooler.cpu_seconds()
        time.sleep(1)
        assert pooler.cpu_seconds() - before < 0.3
        slow.abandon()


def test_reader_of_single_bytes(make_pooler):
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    with pooler.connect() as client:
        client.send(fe.query("SELECT 'slowly', repeat('Z', 3000)"))
        received = b""
        while not received.endswith(b"Z\0\0\0\5I"):
            received += client.socket.recv(1)
        assert b"slowly" in received
        assert client.alive()


def test_slow_writer_of_a_large_message(make_pooler):
    """Its first bytes may take a server, but everything arrives and the next is served."""
    pooler = make_pooler(databases={"app": {"pool_size": 2}})
    with pooler.connect() as slow, pooler.connect() as other:
        message = fe.query("SELECT length('" + "x" * 200000 + "')")
        for at in range(0, len(message), 20000):
            slow.send(message[at:at + 20000])
            assert other.alive()
            time.sleep(0.01)
        assert slow.read_until("Z").value == "200000"


def test_both_directions_full(make_pooler):
    """Megabytes of requests whose megabytes of answers are read only later."""
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    count, size = 60, 300000
    with pooler.connect(timeout=60) as client:
        batch = b"".join(fe.run("SELECT $1::text", [b"Z" * size]) + fe.sync()
                         for _ in range(count))
        writer = threading.Thread(target=client.socket.sendall, args=(batch,))
        client.socket.settimeout(60)
        writer.start()
        time.sleep(0.5)
        reply = client.read_until("Z", count)
        writer.join()
        assert [len(row) for row in reply.of("D")] == [size + 6] * count
        assert client.alive()


def test_both_directions_full_with_copy(cluster, make_pooler):
    """A client that writes COPY data and never reads the notices of a trigger until the end."""
    cluster.execute(
        "DROP TABLE IF EXISTS noisy; CREATE TABLE noisy (a text); GRANT ALL ON noisy TO PUBLIC; "
        "CREATE OR REPLACE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN RAISE NOTICE '%', repeat('Z', 1000); RETURN NEW; END$$; "
        "CREATE TRIGGER shout BEFORE INSERT ON noisy FOR EACH ROW EXECUTE FUNCTION shout()")
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    with pooler.connect(timeout=60) as client:
        client.send(fe.query("COPY noisy FROM STDIN"))
        client.read_until("G")
        rows = fe.copy_data(b"x" * 200 + b"\n") * 20000 + fe.copy_done()
        client.socket.settimeout(60)
        writer = threading.Thread(target=client.socket.sendall, args=(rows,))
        writer.start()
        time.sleep(0.5)
        reply = client.read_until("Z")
        writer.join()
        assert len(reply.notices) == 20000 and reply.tags == ["COPY 20000"]
        assert client.alive()


def test_buffers_shrink_again(pooler):
    """After a burst of large values memory comes back down to about where it was."""
    with pooler.connect(timeout=30) as other:
        other.alive()
        before = pooler.resident_kb()
        clients = [pooler.connect(timeout=30) for _ in range(10)]
        # All read at once: they need not be served in the order in which they asked.
        readers = [threading.Thread(target=client.query, args=("SELECT repeat('Z', 5000000)",))
                   for client in clients]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join(60)
        assert all(client.alive() for client in clients)
        until(lambda: pooler.resident_kb() - before < 15000, what="memory is given back")
        for client in clients:
            client.close()


def test_many_idle_clients(make_pooler):
    """Idle clients cost neither servers nor buffers."""
    pooler = make_pooler(settings={"max_client_conn": 2000},
                         databases={"app": {"pool_size": 1}})
    with pooler.connect() as first:
        assert first.alive()
        for _ in range(50):
            pooler.connect().close()
        before = pooler.resident_kb()
        clients = [pooler.connect() for _ in range(500)]
        for client in clients[::50]:
            assert client.alive()
        assert pooler.resident_kb() - before < 500 * 8
        with pooler.console() as console:
            assert int(console.pool()["cl_active"]) >= 1
            assert len(console.servers()) == 1
        for client in clients:
            client.abandon()
        assert first.alive()


def test_small_receive_buffer_of_the_client(make_pooler):
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    with pooler.connect() as client:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        client.send(fe.query("SELECT repeat('Z', 20000) FROM generate_series(1, 50)"))
        time.sleep(0.1)
        assert len(client.read_until("Z", timeout=30).of("D")) == 50
        assert client.alive()


def test_busy_clients_leave_room_for_others(make_pooler):
    """On one worker: two that stream without end do not starve one that asks little."""
    pooler = make_pooler(databases={"app": {"pool_size": 3}}, weir={"workers": 1})
    stop = threading.Event()

    def stream(client):
        client.send(fe.query("SELECT repeat('Z', 1000) FROM generate_series(1, 10000000)"))
        while not stop.is_set():
            client.socket.recv(1 << 20)
        client.abandon(reset=True)

    with pooler.connect() as light:
        light.alive()
        threads = [threading.Thread(target=stream, args=(pooler.connect(),)) for _ in range(2)]
        for thread in threads:
            thread.start()
        started = time.monotonic()
        for _ in range(50):
            assert light.alive()
        took = time.monotonic() - started
        stop.set()
        for thread in threads:
            thread.join(20)
        assert took < seconds(10)
        assert light.alive()
