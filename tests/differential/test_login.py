"""What a client is told when it logs in, in every version of the protocol."""

import pytest

from harness import frontend as fe
from harness.backend import negotiation
from harness.differential import login_messages
from harness.errors import check
from harness.wire import Refused


def test_login_tells_what_postgresql_tells(cluster, pooler):
    with cluster.connect() as direct, pooler.connect() as pooled:
        assert login_messages(pooled.greeting) == login_messages(direct.greeting)


@pytest.mark.pgbouncer_differs("it repeats DateStyle as it was given")
def test_login_with_parameters_tells_what_postgresql_tells(cluster, pooler):
    wishes = {"application_name": "it's me", "client_encoding": "LATIN1", "DateStyle": "German",
              "TimeZone": "Europe/Rome", "IntervalStyle": "iso_8601",
              "default_transaction_read_only": "on"}
    with cluster.connect(parameters=wishes) as direct, pooler.connect(parameters=wishes) as pooled:
        assert login_messages(pooled.greeting) == login_messages(direct.greeting)


def test_database_defaults_to_the_user(cluster, make_pooler):
    pooler = make_pooler(databases={"alice": {}})
    with pooler.connect(database=None) as connection:
        assert connection.value("SELECT current_user || '@' || current_database()") == "alice@app"


def test_ssl_then_gssenc_are_declined_in_the_clear(pooler):
    connection = pooler.raw()
    connection.send(fe.ssl_request())
    assert connection.read_bytes(1) == b"N"
    connection.send(fe.gssenc_request())
    assert connection.read_bytes(1) == b"N"
    connection.start("alice", "app")
    assert connection.alive()
    connection.close()


def test_startup_packet_cut_at_every_byte(pooler):
    connection = pooler.raw()
    connection.send_cut(fe.ssl_request())
    assert connection.read_bytes(1) == b"N"
    connection.send_cut(fe.startup({"user": "alice", "database": "app", "TimeZone": "UTC"}))
    connection.authenticate("alice", None)
    assert connection.alive()
    connection.close()


def test_query_in_the_same_segment_as_the_startup_packet(pooler):
    connection = pooler.raw()
    connection.send(fe.startup({"user": "alice", "database": "app"}), fe.query("SELECT 'early'"))
    connection.authenticate("alice", None)
    assert connection.read_until("Z").value == "early"
    connection.close()


@pytest.mark.parametrize("protocol, newest", [
    (fe.PROTOCOL_3_2, (fe.PROTOCOL_3_0, None)),
    (fe.PROTOCOL_GREASE, (fe.PROTOCOL_3_0, fe.PROTOCOL_3_2)),
])
def test_newer_protocols_are_negotiated(pooler, protocol, newest):
    with pooler.connect(protocol=protocol) as connection:
        said = connection.greeting.of("v")
        assert len(said) <= 1
        assert (negotiation(said[0])[0] if said else None) in newest
        assert said == [] or negotiation(said[0])[1] == []
        assert connection.alive()
        assert connection.cancel()
        assert connection.alive()


def test_unknown_protocol_options_are_named(pooler):
    wishes = {"_pq_.grease": "1", "_pq_.test_protocol_negotiation": ""}
    with pooler.connect(parameters=wishes) as connection:
        newest, unknown = negotiation(connection.greeting.of("v")[0])
        assert newest in (fe.PROTOCOL_3_0, fe.PROTOCOL_3_2)
        assert sorted(unknown) == sorted(wishes)
        assert connection.greeting.kinds().startswith(("vR", "Rv"))
        assert connection.alive()


def test_grease_with_options(pooler):
    wishes = {"_pq_.test_protocol_negotiation": "x"}
    with pooler.connect(protocol=fe.PROTOCOL_GREASE, parameters=wishes) as connection:
        assert negotiation(connection.greeting.of("v")[0])[1] == list(wishes)
        assert connection.alive()


def test_protocol_2_is_refused(pooler):
    connection = pooler.raw()
    connection.send(fe.startup({"user": "alice", "database": "app"}, fe.PROTOCOL_2_0))
    reply = connection.read_to_end()
    check(reply.error, "old V2 protocol not supported")


def test_no_user_name(pooler):
    connection = pooler.raw()
    connection.send(fe.startup({"database": "app"}))
    check(connection.read_to_end().error, "no username supplied")


def test_unknown_database(pooler):
    with pytest.raises(Refused) as refusal:
        pooler.connect(database="nowhere")
    check(refusal.value.error, "no such database: {}", "nowhere")


def test_unknown_database_of_the_server(make_pooler):
    pooler = make_pooler(databases={"gone": {"dbname": "gone"}})
    with pytest.raises(Refused) as refusal:
        pooler.connect(database="gone")
    assert refusal.value.error["C"] == "3D000"
    assert refusal.value.error["M"] == 'database "gone" does not exist'


@pytest.mark.parametrize("options", [
    "-c statement_timeout=4321", "--statement_timeout=4321", "-cstatement_timeout=4321",
    "-c work_mem=5MB -c statement_timeout=4321",
    r"-c application_name=with\ space -c statement_timeout=4321",
])
@pytest.mark.pgbouncer_differs("it refuses parameters that it does not track")
def test_options_of_the_startup_packet(cluster, pooler, options):
    asked = "SELECT current_setting('statement_timeout'), current_setting('work_mem'), " \
            "current_setting('application_name')"
    with cluster.connect(parameters={"options": options}) as direct:
        expected = direct.query(asked).rows
    with pooler.connect(parameters={"options": options}) as pooled, pooler.connect() as other:
        for _ in range(3):
            assert pooled.query(asked).rows == expected
            assert other.query(asked).rows == [("0", "4MB", "")]


@pytest.mark.pgbouncer_differs("it refuses parameters that it does not track")
def test_startup_statement_timeout_works(cluster, pooler):
    with pooler.connect(parameters={"statement_timeout": "100"}) as connection:
        reply = connection.query("SELECT pg_sleep(10)")
        assert reply.sqlstate == "57014"
        assert reply.error["M"] == "canceling statement due to statement timeout"
        with pooler.connect() as other:
            assert other.value("SHOW statement_timeout") == "0"
        assert connection.value("SHOW statement_timeout") == "100ms"


@pytest.mark.parametrize("name, value", [
    ("no_such_parameter", "1"), ("statement_timeout", "eternity"), ("wal_level", "logical"),
    pytest.param("TimeZone", "x" * 9000, id="long-value", marks=pytest.mark.pgbouncer_differs(
        "long values are dropped in silence")),
])
def test_wrong_startup_parameter_is_an_error(pooler, name, value):
    with pytest.raises((Refused, AssertionError)) as refusal:
        connection = pooler.connect(parameters={name: value})
        reply = connection.query("SELECT 1")
        connection.abandon()
        assert not reply.errors, reply.explain()
    assert name in str(refusal.value)
    with pooler.connect() as other:
        assert other.alive()


def test_many_logins_one_after_another(pooler):
    for _ in range(200):
        pooler.connect().close()
    with pooler.connect() as connection:
        assert connection.alive()
    with pooler.console() as console:
        assert len(console.clients()) <= 1
