"""The log's lines that watchers and scripts look for, and the settings that switch them off."""

import os
import re
import socket

import pytest

from harness import frontend as fe
from harness.fake_server import FakeServer
from harness.pooler import KIND
from harness.waiting import until
from harness.wire import Closed, Refused

LINE = re.compile(r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \S+) \[(?P<pid>\d+)\] "
                  r"(?P<level>FATAL|ERROR|WARNING|LOG|DEBUG|NOISE) "
                  r"((?P<side>[CS])-0x(?P<pointer>[0-9a-f]+): (?P<database>[^/]*)/(?P<user>[^@]*)"
                  r"@(?P<address>\S+) )?(?P<text>.*)")


def lines(pooler):
    return [found.groupdict() for found in map(LINE.fullmatch, pooler.log().splitlines()) if found]


RESERVE = "WARNING" if KIND == "pgbouncer" else "LOG"


def said(pooler, pattern, level="LOG"):
    """Waits for a line whose text fits, and returns it."""
    def find():
        return next((line for line in lines(pooler) if re.fullmatch(pattern, line["text"])), None)

    line = until(find, timeout=20, what=f"a line: {pattern}")
    assert line["level"] == level, line
    return line


def port_of(connection):
    return connection.socket.getsockname()[1]


def test_every_line_has_the_form(pooler):
    with pooler.connect() as client:
        client.alive()
    said(pooler, "closing because: client close request .*")
    for line in pooler.log().splitlines():
        found = LINE.fullmatch(line)
        assert found and int(found["pid"]) == pooler.pid, line


def test_a_client_that_comes_and_goes(pooler):
    client = pooler.connect()
    line = said(pooler, "login attempt: db=app user=alice tls=no replication=no")
    who = {key: line[key] for key in ("side", "database", "user", "address")}
    assert who == {"side": "C", "database": "app", "user": "alice",
                   "address": f"127.0.0.1:{port_of(client)}"}
    client.close()
    line = said(pooler, r"closing because: client close request \(age=\d+s\)")
    assert {key: line[key] for key in who} == who


def test_a_client_over_the_unix_socket(pooler):
    with pooler.connect_unix():
        line = said(pooler, "login attempt: .*")
    assert line["address"] == f"unix({os.getpid()}):{pooler.port}"


def test_a_client_that_vanishes(pooler):
    pooler.connect().abandon()
    said(pooler, r"closing because: client unexpected eof \(age=\d+s\)")


def test_the_console_is_a_database(pooler):
    with pooler.console():
        line = said(pooler, "login attempt: db=pgbouncer user=console tls=no replication=no")
    assert (line["database"], line["user"]) == ("pgbouncer", "console")


def test_a_login_that_fails(make_pooler):
    pooler = make_pooler(settings={"auth_type": "scram-sha-256"})
    with pytest.raises(Refused):
        pooler.connect("scram_user", password="wrong")
    said(pooler, "login attempt: db=app user=scram_user tls=no replication=no")
    line = said(pooler, "pooler error: SASL authentication failed", "WARNING")
    assert (line["side"], line["database"], line["user"]) == ("C", "app", "scram_user")
    said(pooler, r"closing because: SASL authentication failed \(age=\d+s\)")


def test_a_client_that_never_named_itself(pooler):
    client = pooler.raw()
    client.send(fe.startup({"database": "app"}))
    client.read_to_end()
    line = said(pooler, "pooler error: no username supplied", "WARNING")
    assert (line["database"], line["user"]) == ("(nodb)", "(nouser)")


def test_a_database_that_is_not_there(pooler):
    with pytest.raises(Refused):
        pooler.connect(database="nosuch")
    said(pooler, "login attempt: db=nosuch user=alice tls=no replication=no")
    said(pooler, "login failed: db=nosuch user=alice")
    line = said(pooler, "pooler error: no such database: nosuch", "WARNING")
    assert line["user"] == "alice"


def test_a_server_that_comes_and_goes(make_pooler):
    pooler = make_pooler(settings={"server_idle_timeout": 1})
    with pooler.connect() as client:
        client.alive()
        line = said(pooler, r"new connection to server \(from 127\.0\.0\.1:\d+\)")
        assert (line["side"], line["database"], line["user"]) == ("S", "app", "alice")
        assert line["address"] == f"127.0.0.1:{pooler.cluster.port}"
        gone = said(pooler, r"closing because: server idle timeout \(age=\d+s\)")
        assert (gone["side"], gone["address"]) == ("S", line["address"])


def test_old_servers(make_pooler):
    pooler = make_pooler(settings={"server_lifetime": 1})
    with pooler.connect() as client:
        client.alive()
        said(pooler, r"closing because: server lifetime over \(age=\d+s\)")


def test_servers_that_are_replaced(pooler):
    with pooler.console() as console, pooler.connect() as client:
        client.alive()
        console.do("RECONNECT")
        client.alive()
        assert said(pooler, r"closing because: obsolete connection \(age=\d+s\)")["side"] == "S"


def test_servers_of_a_database_that_is_gone(make_pooler):
    pooler = make_pooler(databases={"app": {}, "old": {}})
    with pooler.console() as console, pooler.connect(database="old") as client:
        client.alive()
        pooler.configure()
        console.do("RELOAD")
        assert said(pooler, r"closing because: database removed .*")["database"] == "old"


def test_a_server_that_dies(cluster, pooler):
    with pooler.connect() as client:
        client.query("BEGIN")
        cluster.terminate_backends()
        client.read_to_end()
        said(pooler, r"closing because: server conn crashed\? \(age=\d+s\)")


def test_a_server_that_refuses(make_pooler):
    pooler = make_pooler(databases={"gone": {"dbname": "no_such_database"}})
    with pytest.raises(Refused) as refused:
        pooler.connect(database="gone")
    assert refused.value.error["C"] == "3D000"
    said(pooler, 'server login failed: FATAL database "no_such_database" does not exist',
         "WARNING")
    said(pooler, r'closing because: database "no_such_database" does not exist \(age=\d+s\)')


def test_nobody_listens(make_pooler):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        pooler = make_pooler(databases={"app": {"port": free.getsockname()[1]}},
                             settings={"client_login_timeout": 2})
        with pytest.raises((Refused, Closed)):
            pooler.connect(timeout=20)
        said(pooler, r"closing because: connect failed .*")


def test_a_server_that_says_nothing(make_pooler):
    silent = FakeServer(lambda session: session.read())
    pooler = make_pooler(server=silent.address, settings={
        "server_connect_timeout": 1, "client_login_timeout": 3})
    with pytest.raises((Refused, Closed)):
        pooler.connect(timeout=20)
    said(pooler, r"closing because: connect timeout .*")
    silent.close()


def test_a_name_that_is_nowhere(make_pooler):
    pooler = make_pooler(databases={"app": {"host": "no-such-host.invalid"}},
                         settings={"client_login_timeout": 3})
    with pytest.raises((Refused, Closed)):
        pooler.connect(timeout=20)
    said(pooler, "closing because: server DNS lookup failed .*")


def test_the_reserve(make_pooler):
    pooler = make_pooler(settings={"reserve_pool_timeout": 1},
                         databases={"app": {"pool_size": 1, "reserve_pool_size": 1}})
    with pooler.connect() as first, pooler.connect() as second:
        first.query("BEGIN")
        assert second.query("BEGIN", timeout=15).status == "T"
        said(pooler, "taking connection from reserve_pool", RESERVE)


@pytest.mark.parametrize("limit", ["max_db_connections", "max_user_connections"])
def test_a_server_that_makes_way(make_pooler, limit):
    pooler = make_pooler(settings={limit: 1}, databases={"app": {}, "other": {}})
    second = {"user": "bob"} if limit == "max_db_connections" else {"database": "other"}
    with pooler.connect() as one, pooler.connect(**second) as two:
        assert one.alive() and two.alive()
        said(pooler, rf"closing because: evicted for {limit} \(age=\d+s\)")


def test_misused_names_of_statements(make_pooler):
    """PgBouncer's words where it closes the connection; see strict."""
    pooler = make_pooler(weir={"strict": 1})
    client = pooler.connect()
    client.send(fe.bound("nosuch"), fe.sync())
    client.read_to_end()
    said(pooler, "pooler error: prepared statement did not exist", "WARNING")


def test_a_cancel_request_for_nobody(pooler):
    client = pooler.raw()
    client.send(fe.cancel_request(123456, b"abcd"))
    assert client.read_to_end().closed
    assert pooler.connect().alive()


def test_servers_are_switched_off_too(make_pooler):
    pooler = make_pooler(settings={"log_connections": 0, "log_disconnections": 0})
    with pooler.connect() as client, pooler.console() as console:
        client.alive()
        console.do("RECONNECT")
        client.alive()
        assert "new connection" not in pooler.log() and "closing" not in pooler.log()


@pytest.mark.parametrize("setting, happens, text", [
    ("log_connections", lambda pooler: pooler.connect().close(), "login attempt"),
    ("log_disconnections", lambda pooler: pooler.connect().close(), "closing because: client"),
    ("log_pooler_errors", lambda pooler: fails(pooler), "pooler error")])
def test_what_can_be_switched_off(make_pooler, setting, happens, text):
    pooler = make_pooler(settings={setting: 0})
    with pooler.console() as console:
        happens(pooler)
        console.show("VERSION")
        quiet = pooler.log()
        assert text not in quiet, quiet
        console.do(f"SET {setting} = 1")
        happens(pooler)
        until(lambda: text in pooler.log(), what=text)


def fails(pooler):
    with pytest.raises(Refused):
        pooler.connect(database="nosuch")


@pytest.mark.parametrize("command", [
    "PAUSE 'app'", "RESUME 'app'", "PAUSE", "RESUME", "DISABLE 'app'", "ENABLE 'app'", "RECONNECT",
    "RECONNECT 'app'", "WAIT_CLOSE", "WAIT_CLOSE 'app'", "KILL 'app'", "KILL", "RELOAD"])
def test_commands(pooler, command):
    with pooler.console() as console:
        if command.startswith("RESUME"):
            console.do(command.replace("RESUME", "PAUSE").replace("'", ""))
        console.do(command.replace("'", ""))
        said(pooler, f"{command} command issued")


def test_commands_that_fail(pooler):
    with pooler.console() as console:
        for command, text in (("FOO", "invalid command 'FOO', use SHOW HELP;"),
                              ("KILL_CLIENT 99", "client not found"),
                              ("SET nosuch = 1", "SET failed")):
            console.run(command)
            said(pooler, re.escape(text), "ERROR")


STATS = (r"stats: \d+ xacts/s, \d+ queries/s, \d+ client parses/s, \d+ server parses/s, "
         r"\d+ binds/s, \d+ client logins/s, in \d+ B/s, out \d+ B/s, xact \d+ us, "
         r"query \d+ us, wait \d+ us")


def test_statistics(make_pooler):
    pooler = make_pooler(settings={"stats_period": 1})
    with pooler.connect() as client:
        client.alive()
        said(pooler, STATS)


def test_no_statistics(make_pooler):
    pooler = make_pooler(settings={"stats_period": 1, "log_stats": 0})
    with pooler.connect() as client, pooler.console() as console:
        client.query("SELECT pg_sleep(2.5)")
        assert "stats: " not in pooler.log()
        console.do("SET log_stats = 1")
        said(pooler, STATS)


def test_the_log_file(make_pooler):
    """Everything goes there, too; after a SIGHUP into a new one if it was moved away."""
    pooler = make_pooler()
    file = pooler.directory.file("own.log")
    with pooler.console() as console:
        pooler.configure(settings={"logfile": file})
        console.do("RELOAD")
        pooler.connect().close()
        until(lambda: os.path.exists(file) and "login attempt" in open(file).read(),
              what="a line in the file")
        os.rename(file, file + ".1")
        pooler.signal("HUP")
        until(lambda: "got SIGHUP" in pooler.log(), what="it has the signal")
        pooler.connect().close()
        until(lambda: os.path.exists(file) and "login attempt" in open(file).read(),
              what="a line in the new file")
