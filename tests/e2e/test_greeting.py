"""What a client is told at the end of its login."""

import os
import socket

import pytest

from harness.wire import Connection


def names(greeting):
    return [message.body.split(b"\0")[0].decode() for message in greeting if message.kind == "S"]


def test_order_of_parameters(make_pooler):
    pooler = make_pooler(settings={"max_prepared_statements": 77, "login_notify_message": "hello"})
    with pooler.connect() as client:
        greeting = client.greeting
        assert greeting.parameters["pgbouncer.version"] == "1.26.1"
        assert greeting.parameters["pgbouncer.max_prepared_statements"] == "77"
        assert greeting.parameters["pgbouncer.pool_mode"] == "transaction"
        listed = names(greeting)
        own = listed.index("pgbouncer.max_prepared_statements")
        assert listed[0] == "pgbouncer.version"
        assert listed[own + 1] == "pgbouncer.pool_mode"
        assert set(listed[1:own]) >= {"server_version", "server_encoding", "integer_datetimes"}
        assert set(listed[own + 2:]) >= {"DateStyle", "client_encoding", "TimeZone",
                                         "application_name", "standard_conforming_strings"}
        assert greeting.kinds() == "RKNZ"  # between the ParameterStatus


def test_order_of_the_console(make_pooler):
    pooler = make_pooler(settings={"login_notify_message": "hello"})
    with pooler.console() as console:
        greeting = console.connection.greeting
        assert names(greeting) == [
            "pgbouncer.version", "server_version", "client_encoding", "server_encoding",
            "DateStyle", "TimeZone", "standard_conforming_strings", "is_superuser"]
        assert greeting.kinds() == "RKNZ"


@pytest.mark.parametrize("given, name", [({}, "app"), ({"application_name": "shop"}, "shop")])
def test_application_name_with_host(make_pooler, given, name):
    pooler = make_pooler(settings={"application_name_add_host": 1})
    with pooler.connect(parameters=given) as client:
        host, port = client.socket.getsockname()
        assert client.value("SHOW application_name") == f"{name} - {host}:{port}"
        client.query("SET application_name = 'mine'")
        assert client.value("SHOW application_name") == "mine"


def test_application_name_of_a_unix_client(make_pooler):
    pooler = make_pooler(settings={"application_name_add_host": 1})
    with Connection.login(pooler.socket, "alice", "app") as client:
        who = f"unix({os.getpid()}@{socket.gethostname()}):{pooler.port}"
        assert client.value("SHOW application_name") == f"app - {who}"
