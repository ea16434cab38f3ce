"""PgBouncer's texts, which scripts and people search for, where no other test asks for them."""

import socket

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


@pytest.mark.parametrize("request_for, text", [
    (fe.ssl_request, "received unencrypted data after SSL request"),
    (fe.gssenc_request, "received unencrypted data after GSSAPI encryption request")])
def test_data_behind_a_request_for_encryption(pooler, request_for, text):
    with pooler.raw() as client:
        client.send(request_for() + fe.startup({"user": "alice", "database": "app"}))
        # The error comes in the place of the answer, which is one byte.
        check(client.read_to_end().error, text)


def test_password_too_long(make_pooler):
    pooler = make_pooler(settings={"auth_type": "plain"})
    client = pooler.raw()
    client.send(fe.startup({"user": "plain_user", "database": "app"}))
    assert client.read().kind == "R"
    client.send(fe.password("x" * 70000))
    assert client.read_to_end().errors


def test_logins_while_the_server_is_down(make_pooler):
    """The one that finds out and those that come later are told why."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        pooler = make_pooler(databases={"app": {"port": free.getsockname()[1]}},
                             settings={"client_login_timeout": 2}, weir={"strict": 1})
        texts = []
        for _ in range(3):
            with pytest.raises(Refused) as refused:
                pooler.connect(timeout=20)
            texts.append(refused.value.error["M"])
        assert set(texts) <= {
            "client_login_timeout (server down)",
            "server login has been failing, cached error: connect failed (server_login_retry)"}


def test_cached_error_of_a_server_that_refuses(make_pooler):
    pooler = make_pooler(databases={"gone": {"dbname": "no_such_database"}},
                         settings={"server_login_retry": 1}, weir={"strict": 1})
    for _ in range(2):
        with pytest.raises(Refused) as refused:
            pooler.connect(database="gone")
        assert 'database "no_such_database" does not exist' in refused.value.error["M"]
