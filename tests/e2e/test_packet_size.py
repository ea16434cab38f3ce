"""max_packet_size."""

from harness import frontend as fe


def test_too_large(make_pooler):
    pooler = make_pooler(settings={"max_packet_size": 2000})
    with pooler.connect() as other:
        client = pooler.connect()
        assert client.value(f"SELECT '{'x' * 1900}'") == "x" * 1900
        client.send(fe.query(f"SELECT '{'x' * 2000}'"))
        reply = client.read_to_end()
        assert reply.error["M"] == "bad packet header: '51000007de53454c'"
        assert not reply.rows and reply.closed
        assert other.alive()
