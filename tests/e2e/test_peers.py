"""Peering: a cancel request that reaches another process of the group finds its way."""

import os
import shutil
import struct

import pytest

from harness import frontend as fe
from harness.pooler import KIND, program
from harness.waiting import until
from harness.wire import Closed, Connection

SLEEP = "SELECT pg_sleep(30)"

needs_pgbouncer = pytest.mark.skipif(
    not (shutil.which(program("pgbouncer")) or os.path.exists(program("pgbouncer"))),
    reason="no PgBouncer here (tools/pgbouncer)")


def group(make_pooler, kinds, extra="", **peer):
    """Processes that know each other, each as its number in `kinds` counted from 1."""
    members = [make_pooler(kind=kind, settings={"peer_id": number})
               for number, kind in enumerate(kinds, 1)]
    options = "".join(f" {key}={value}" for key, value in peer.items())
    peers = "[peers]\n" + "".join(f"{number} = host=127.0.0.1 port={member.port}{options}\n"
                                  for number, member in enumerate(members, 1)) + extra
    for number, member in enumerate(members, 1):
        member.configure(settings={"peer_id": number}, extra=peers)
        with member.console() as console:
            console.do("RELOAD")
    return members


def sleeping(cluster, pooler, **options):
    client = pooler.connect(**options)
    client.send(fe.query(SLEEP))
    until(lambda: cluster.backends(f"query = '{SLEEP}' AND state = 'active'"), what="it sleeps")
    return client


def cancel(pooler, pid, key):
    """Sends a cancel request, and waits for the end of its connection."""
    with Connection(pooler.address, 10) as carrier:
        carrier.send(fe.cancel_request(pid, key))
        with pytest.raises(Closed):
            carrier.read()


def check_crossing(cluster, members):
    for owner in members:
        for other in members:
            client = sleeping(cluster, owner)
            cancel(other, client.pid, client.key)
            error = client.read_until("Z").error
            assert error["C"] == "57014", error
            assert client.alive()
            client.close()


def test_two_peers(cluster, make_pooler):
    members = group(make_pooler, [KIND, KIND])
    check_crossing(cluster, members)
    with members[0].console() as console:
        assert [row["peer_id"] for row in console.show("PEERS")] == ["1", "2"]
        (pool,) = console.show("PEER_POOLS")
        assert pool == {"peer_id": "2", "cl_active_cancel_req": "0", "cl_waiting_cancel_req": "0",
                        "sv_active_cancel": "0", "sv_login": "0"}
        (listed,) = [row for row in console.show("LISTS") if row["list"] == "peer_pools"]
        assert listed["items"] == "1"


@pytest.mark.weir_only("a group of both")
@needs_pgbouncer
def test_mixed_group(cluster, make_pooler):
    """Weir and PgBouncer pass on each other's, in all directions."""
    check_crossing(cluster, group(make_pooler, ["weir", "pgbouncer", "weir"]))


@pytest.mark.weir_only("PgBouncer speaks 3.0")
def test_long_keys(cluster, make_pooler):
    one, two = group(make_pooler, ["weir", "weir"])
    client = sleeping(cluster, one, protocol=fe.PROTOCOL_3_2)
    assert len(client.key) == 32
    wrong = client.key[:-1] + bytes([client.key[-1] ^ 1])
    cancel(two, client.pid, wrong)
    assert client.silent_for(0.3) == []
    cancel(two, client.pid, client.key)
    assert client.read_until("Z").error["C"] == "57014"
    client.close()


def test_key_layout(make_pooler):
    pooler = make_pooler(settings={"peer_id": 0x1234})
    for _ in range(8):
        with pooler.connect() as client:
            raw = struct.pack("!i", client.pid) + client.key
            assert raw[0] < 0x80 and raw[1:3] == b"\x34\x12" and raw[7] & 3 == 3


def test_hops_are_counted(cluster, make_pooler):
    """A key whose hops are used up goes no further; at home it works with any number left."""
    one, two = group(make_pooler, [KIND, KIND])
    client = sleeping(cluster, one)

    def with_hops(left):
        return client.key[:-1] + bytes([client.key[-1] & 0xfc | left])

    cancel(two, client.pid, with_hops(0))
    assert client.silent_for(0.3) == []
    cancel(two, client.pid, with_hops(1))
    assert client.read_until("Z").error["C"] == "57014"
    client.send(fe.query(SLEEP))
    until(lambda: cluster.backends(f"query = '{SLEEP}' AND state = 'active'"), what="it sleeps")
    cancel(one, client.pid, with_hops(0))
    assert client.read_until("Z").error["C"] == "57014"
    client.close()


@pytest.mark.pgbouncer_differs("some wait for cancel_wait_timeout", strict=False)
@pytest.mark.parametrize("pool_size", [1, 3])
def test_many_at_once(cluster, make_pooler, pool_size):
    """More requests than may be on their way at a time: they wait for each other."""
    one, two = group(make_pooler, [KIND, KIND], pool_size=pool_size)
    clients = [one.connect() for _ in range(2)]
    for client in clients:
        client.send(fe.query(SLEEP))
    until(lambda: len(cluster.backends(f"query = '{SLEEP}' AND state = 'active'")) == 2,
          what="both sleep")
    carriers = [Connection(two.address, 20) for _ in range(20)]
    for number, carrier in enumerate(carriers):
        client = clients[number % 2]
        carrier.send(fe.cancel_request(client.pid, client.key))
    for carrier in carriers:
        with pytest.raises(Closed):
            carrier.read()
    for client in clients:
        assert client.read_until("Z").error["C"] == "57014"
        client.close()


def test_peer_that_is_not_there(cluster, make_pooler):
    """Nobody waits for it for ever, and the others are reached."""
    one, two = group(make_pooler, [KIND, KIND], extra="9 = host=127.0.0.1 port=1\n")
    for peer in (9, 7):  # nothing listens there; no such peer
        cancel(two, struct.unpack("!i", bytes([1, peer, 0, 0]))[0], b"abcd")
    client = sleeping(cluster, one)
    cancel(two, client.pid, client.key)
    assert client.read_until("Z").error["C"] == "57014"
    client.close()


def test_without_peer_id_nothing_is_passed_on(make_pooler):
    pooler = make_pooler(extra="[peers]\n9 = host=127.0.0.1 port=1\n")
    cancel(pooler, struct.unpack("!i", bytes([1, 9, 0, 0]))[0], b"abcd")
    with pooler.console() as console:
        assert console.show("PEER_POOLS") == []
