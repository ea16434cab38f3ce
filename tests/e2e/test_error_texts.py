"""PgBouncer's texts, which scripts and people search for, where no other test asks for them."""

import pytest

from harness import frontend as fe
from harness.errors import check
from harness.wire import Refused


def test_simple_queries_disallowed(make_pooler):
    pooler = make_pooler(settings={"disable_pqexec": 1})
    with pooler.connect() as client:
        assert client.extended("SELECT 'extended'").value == "extended"
        client.send(fe.query("SELECT 'simple'"))
        reply = client.read_to_end()
        check(reply.errors[-1], "PQexec disallowed")
        assert not reply.rows


def test_unknown_sasl_mechanism(make_pooler):
    pooler = make_pooler(settings={"auth_type": "scram-sha-256"})
    connection = pooler.raw()
    connection.send(fe.startup({"user": "scram_user", "database": "app"}))
    connection.read()
    connection.send(fe.sasl_initial("SCRAM-SHA-1", b"n,,n=,r=abc"))
    check(connection.read_to_end().error,
          "client selected an invalid SASL authentication mechanism")


def test_no_terminator(pooler):
    connection = pooler.raw()
    connection.send(fe.startup({"user": "alice", "database": "app"})[:-1] + b"x")
    assert connection.read_to_end().error["M"] == (
        "invalid startup packet layout: expected terminator as last byte")


def test_long_names(make_pooler):
    pooler = make_pooler(databases={"*": {"dbname": None}})
    for user, database, text in (("u" * 128, "app", "username too long"),
                                 ("u" * 127, "app", '"trust" authentication failed'),
                                 ("alice", "d" * 64, "no such database: {}")):
        with pytest.raises(Refused) as refused:
            pooler.connect(user, database)
        error = refused.value.error
        assert error["M"][:30] == text.format("d" * 63)[:30], error


def test_unknown_message(pooler):
    client = pooler.connect()
    client.send(fe.message("?", b"what"))
    check(client.read_to_end().error, "unknown pkt")


def test_login_notify_message(make_pooler):
    pooler = make_pooler(settings={"login_notify_message": "be gentle today"})
    with pooler.connect() as client:
        (notice,) = client.greeting.notices
        assert notice["M"] == "be gentle today" and notice["C"] == "00000"
        assert client.greeting.kinds().endswith("KNZ")
