"""strict = 1: PgBouncer's behaviour also where Weir's is better. All of it is true of PgBouncer."""

import pytest

from harness import frontend as fe
from harness.wire import Refused

STRICT = {"strict": 1}


def check(error, text):
    """PgBouncer's errors have three fields and one SQLSTATE."""
    fields = {key: value for key, value in error.items() if key != "V"}
    assert fields == {"S": "FATAL", "C": "08P01", "M": text}


@pytest.fixture
def strict(make_pooler):
    return make_pooler(weir=STRICT, settings={"query_wait_timeout": 1},
                       databases={"app": {"pool_size": 1}})


@pytest.mark.parametrize("login, text", [
    (("alice", "nosuch"), "no such database: nosuch"), (("alice", "pgbouncer"), "not allowed"),
    (("nobody_knows", "app"), '"trust" authentication failed')])
def test_login_errors(strict, login, text):
    with pytest.raises(Refused) as refusal:
        strict.connect(*login)
    check(refusal.value.error, text)


def test_wait_timeout(strict):
    with strict.connect() as holder, strict.connect() as waiter:
        holder.query("BEGIN")
        waiter.send(fe.query("SELECT 1"))
        check(waiter.read_to_end(timeout=15).errors[-1], "query_wait_timeout")
        holder.query("COMMIT")


@pytest.mark.parametrize("parameters, text", [
    ({"statement_timeout": "1000"}, "unsupported startup parameter: statement_timeout"),
    ({"options": "-c geqo=off"}, "unsupported startup parameter in options: geqo"),
    ({"options": "-z"}, "unsupported options startup parameter: only '-c config=val' and "
                        "'--config=val' are allowed")])
def test_startup_parameters(strict, parameters, text):
    with pytest.raises(Refused) as refusal:
        strict.connect(parameters=parameters)
    check(refusal.value.error, text)


def test_startup_parameters_that_are_known(make_pooler):
    pooler = make_pooler(weir=STRICT, settings={
        "ignore_startup_parameters": "extra_float_digits,options",
        "track_extra_parameters": "statement_timeout"})
    asked = {"application_name": "me", "datestyle": "German", "extra_float_digits": "2",
             "options": "-c geqo=off -c statement_timeout=4711"}
    with pooler.connect(parameters=asked) as client:
        assert client.value("SHOW application_name") == "me"
        assert client.value("SHOW datestyle").startswith("German")
        assert client.value("SHOW statement_timeout") == "4711ms"
        assert client.value("SHOW geqo") == "on"


def test_ignored_options(make_pooler):
    """`options` in ignore_startup_parameters drops what stands in there, strict or not."""
    pooler = make_pooler(settings={"ignore_startup_parameters": "options"})
    with pooler.connect(parameters={"options": "-c geqo=off -c datestyle=German"}) as client:
        assert client.value("SHOW geqo") == "on"
        assert client.value("SHOW datestyle").startswith("German")


@pytest.mark.parametrize("messages, text", [
    ((fe.parse("s", "SELECT 1"), fe.parse("s", "SELECT 2"), fe.sync()),
     "prepared statement name is already in use"),
    ((fe.bind("", "nosuch"), fe.sync()), "prepared statement did not exist"),
    ((fe.describe_statement("nosuch"), fe.sync()), "prepared statement did not exist")])
def test_statement_names(strict, messages, text):
    client = strict.connect()
    client.send(*messages)
    check(client.read_to_end().errors[-1], text)
    with strict.connect() as other:
        assert other.alive()


def test_closing_an_unknown_statement(strict):
    with strict.connect() as client:
        assert client.exchange(fe.close_statement("nosuch"), fe.sync()).kinds() == "3Z"


def test_console_is_simple(strict):
    console = strict.console()
    console.connection.send(fe.run("SHOW POOLS"), fe.sync())
    first, last = console.connection.read_to_end().errors
    assert (first["S"], first["M"]) == (
        "ERROR", "extended query protocol not supported by admin console")
    check(last, "bad packet")


def test_settings_of_its_own_are_not_reset(strict):
    """The session still works as a whole: strict changes nothing else."""
    with strict.connect() as client:
        client.query("SET datestyle = 'German'")
        assert client.value("SHOW datestyle").startswith("German")
        assert client.extended("SELECT 'extended'").value == "extended"
