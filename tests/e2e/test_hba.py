"""Which client has to prove itself in which way: HBA lines, ident maps, the system's users."""

import os
import pwd
import re

import pytest

from harness.account import Directory, acting, user_name
from harness.console import Console
from harness.errors import check
from harness.frontend import password, startup
from harness.passwords import md5_secret
from harness.waiting import until
from harness.wire import Refused

ME = pwd.getpwuid(os.geteuid()).pw_name
METHODS = {"trust": [0], "password": [3, 0], "md5": [5, 0], "scram-sha-256": [10, 11, 12, 0]}


class Rules:
    """The HBA and ident files of one test. The console may always come by the Unix socket."""

    def __init__(self):
        self.folder = Directory("hba")

    def write(self, *lines, ident=""):
        """The settings that name the files."""
        lines = [*lines, "local pgbouncer console trust"]
        return {"auth_type": "hba",
                "auth_hba_file": self.folder.write("hba.conf", "\n".join(lines) + "\n"),
                "auth_ident_file": self.folder.write("ident.conf", ident)}


@pytest.fixture
def rules():
    files = Rules()
    yield files
    files.folder.remove()


def console_of(pooler):
    return Console(pooler.connect_unix("console", "pgbouncer"))


def refused(connect, user, text, database="app", **options):
    with pytest.raises(Refused) as refusal:
        connect(user, database, **options)
    check(refusal.value.error, text)


def asked(connection):
    return [int.from_bytes(body[:4], "big") for body in connection.greeting.of("R")]


def test_first_line_that_fits_counts(make_pooler, rules):
    pooler = make_pooler(settings=rules.write(
        "# a comment", "", "host all bob 127.0.0.1/32 reject", "host app bob all trust",
        "host app alice 127.0.0.1 255.255.255.255 trust", "host app carol 10.0.0.0/8 trust",
        "host other all all trust", "hostssl app carol all trust", "local app carol trust",
        "host app md5_user,plain_user,scram_user 127.0.0.0/8 scram-sha-256  # the rest"))
    refused(pooler.connect, "bob", "login rejected")
    refused(pooler.connect, "carol", "no authentication method is found")
    pooler.connect("alice").close()
    pooler.connect_unix("carol").close()
    refused(pooler.connect_unix, "alice", "no authentication method is found")
    with pooler.connect("scram_user") as client:
        assert asked(client) == METHODS["scram-sha-256"]


@pytest.mark.parametrize("method", METHODS)
def test_methods(make_pooler, rules, method):
    pooler = make_pooler(settings=rules.write(f"host all all 127.0.0.1/32 {method}"),
                         userlist={"carol": "of carol", "console": ""})
    with pooler.connect("carol", password="of carol") as client:
        assert asked(client) == METHODS[method]
    if method != "trust":
        with pytest.raises(Refused):
            pooler.connect("carol", password="wrong")
    with pytest.raises(Refused):
        pooler.connect("nobody_known", password="x")


def test_md5_may_become_scram(cluster, make_pooler, rules):
    pooler = make_pooler(
        settings=rules.write("host all all all md5"),
        userlist={"scram_user": cluster.secret_of("scram_user"),
                  "md5_user": md5_secret("md5_user", "md5 secret"), "console": ""})
    with pooler.connect("scram_user") as scram, pooler.connect("md5_user") as md5:
        assert asked(scram) == METHODS["scram-sha-256"]
        assert asked(md5) == METHODS["md5"]


def test_names_in_quotes_and_lists_in_files(make_pooler, rules):
    rules.folder.write("users", "alice\ncarol\n")
    pooler = make_pooler(
        settings=rules.write(
            'host "all" bob all trust', 'host app "all" all trust',
            f"host app @{rules.folder.file('users')} all trust",
            'host "odd name" bob all trust', "host sameuser md5_user all trust"),
        databases={"app": {}, "'odd name'": {}, "md5_user": {"user": "carol"}})
    pooler.connect("alice").close()
    pooler.connect("carol").close()
    refused(pooler.connect, "bob", "no authentication method is found")
    pooler.connect("bob", "odd name").close()
    pooler.connect("md5_user", "md5_user").close()
    refused(pooler.connect, "md5_user", "no authentication method is found")


def test_the_console_has_lines_of_its_own(make_pooler, rules):
    pooler = make_pooler(settings=rules.write(
        "host app all all trust", "host pgbouncer watch all trust",
        "host pgbouncer console all reject"))
    with pooler.console("watch") as watch:
        assert watch.show("VERSION")
    refused(pooler.connect, "console", "login rejected", "pgbouncer")
    with pytest.raises(Refused):
        pooler.connect("alice", "pgbouncer")


def test_reload_takes_new_rules(make_pooler, rules):
    pooler = make_pooler(settings=rules.write("host all alice all trust"))
    with pooler.connect("alice") as inside, console_of(pooler) as console:
        rules.write("host all alice all reject", "host all bob all trust")
        console.do("RELOAD")
        refused(pooler.connect, "alice", "login rejected")
        pooler.connect("bob").close()
        assert inside.alive()


# What the system knows of a process at the other end of a Unix socket.

def test_peer_of_the_same_name(make_pooler, rules):
    pooler = make_pooler(settings=rules.write("local app all peer"), userlist={
        user_name(): "", "alice": "", "console": ""},
        databases={"app": {"user": "carol"}})
    with acting():
        with pooler.connect_unix(user_name()) as client:
            assert asked(client) == [0]
            assert client.alive()
        refused(pooler.connect_unix, "alice", "unix socket login rejected")
        refused(pooler.connect_unix, "nobody_known", "unix socket login rejected")
    assert f"unix({os.getpid()}):{pooler.port}" in pooler.log()


def test_peer_by_a_map(make_pooler, rules):
    pooler = make_pooler(settings=rules.write(
        "local app alice,bob peer map=some", "local app carol peer map=none",
        ident=f"# map system user\nsome {ME} alice\nnone somebody_else carol\nany {ME} all\n"))
    with pooler.connect_unix("alice") as client:
        assert client.alive()
    refused(pooler.connect_unix, "bob", "unix socket login rejected")
    refused(pooler.connect_unix, "carol", "unix socket login rejected")
    assert "ident map none cannot be matched" in pooler.log()
    rules.write("local app all peer map=any", ident=f"any {ME} all\n")
    with console_of(pooler) as console:
        console.do("RELOAD")
    for user in ("alice", "bob", "carol"):
        pooler.connect_unix(user).close()
    refused(pooler.connect_unix, "nobody_known", "unix socket login rejected")


@pytest.mark.parametrize("auth_type", ["hba", "scram-sha-256", "trust"])
def test_own_console_without_a_password(make_pooler, rules, auth_type):
    """Whoever runs the pooler may always look after it."""
    pooler = make_pooler(settings={**rules.write("local all all reject"), "auth_type": auth_type})
    with acting():
        with Console(pooler.connect_unix("pgbouncer", "pgbouncer")) as console:
            console.do("RELOAD")
            assert console.show("VERSION")
    assert "pgbouncer access from unix socket" in pooler.log()
    with pytest.raises(Refused):
        pooler.connect("pgbouncer", "pgbouncer", password="x")
    if os.geteuid() == 0:
        with pytest.raises(Refused):
            pooler.connect_unix("pgbouncer", "pgbouncer", password="x")


# Where Weir does more.

@pytest.mark.pgbouncer_differs("the line is skipped")
@pytest.mark.parametrize("line, cure", [
    ("host all bob 127.0.0.1/99 reject", "a number from 0 to 32"),
    ("host all bob localhost reject", "write the address"),
    ("host all +staff all reject", "list the users"),
    ("host all bob all kerberos", "write trust, reject"),
    ("local all bob peer map=nowhere", "map nowhere is not in")])
def test_a_bad_line_refuses_the_file(make_pooler, rules, line, cure):
    pooler = make_pooler(settings=rules.write("host all alice all trust"))
    with console_of(pooler) as console:
        rules.write("host all bob all trust", line)
        reply = console.run("RELOAD")
        assert reply.errors, reply.explain()
    assert f"{rules.folder.file('hba.conf')}:2: " in pooler.log()
    assert cure in pooler.log()
    pooler.connect("alice").close()
    refused(pooler.connect, "bob", "no authentication method is found")


@pytest.mark.weir_only("PgBouncer starts without the line")
def test_a_bad_line_refuses_the_start(make_pooler, rules):
    pooler = make_pooler(wait=False,
                         settings=rules.write("host all bob all", "host all all all md5"))
    assert pooler.wait() == 1
    assert f"{rules.folder.file('hba.conf')}:1: the line ends before the method" in pooler.log()
    pooler.process = None


@pytest.mark.weir_only("PgBouncer does not know samehost and samenet")
def test_samehost_and_samenet(make_pooler, rules):
    pooler = make_pooler(settings=rules.write(
        "host app bob samehost reject", "host app alice samenet trust",
        "host app carol samehost trust"))
    pooler.connect("alice").close()
    pooler.connect("carol").close()
    refused(pooler.connect, "bob", "login rejected")


@pytest.mark.weir_only("PgBouncer does not read the file then")
def test_set_auth_type(make_pooler, rules):
    settings = rules.write("host all alice all trust")
    pooler = make_pooler(settings={**settings, "auth_type": "trust"})
    with console_of(pooler) as console:
        console.do("SET auth_type = 'hba'")
        pooler.connect("alice").close()
        refused(pooler.connect, "bob", "no authentication method is found")


@pytest.mark.weir_only("a setting of Weir's own")
def test_failed_logins_wait(make_pooler):
    """The others do not, and who leaves meanwhile is forgotten."""
    pooler = make_pooler(settings={"auth_type": "plain"}, weir={"auth_failure_delay": 3600})
    waiting = pooler.raw()
    waiting.send(startup({"user": "scram_user", "database": "app"}))
    waiting.read()
    waiting.send(password("wrong"), password("more"))
    until(lambda: "login failed: db=app user=scram_user" in pooler.log(), what="the login failed")
    pooler.connect("scram_user").close()
    assert not waiting.silent_for(0.2)
    waiting.abandon()
    until(lambda: "closing because: client unexpected eof" in pooler.log(), what="it has gone")


@pytest.mark.weir_only("a line of Weir's own")
def test_failed_logins_are_counted(make_pooler):
    pooler = make_pooler(settings={"auth_type": "plain", "stats_period": 1},
                         weir={"auth_failure_delay": 0})
    for _ in range(3):
        refused(pooler.connect, "scram_user", "password authentication failed", password="wrong")
    pooler.connect("scram_user").close()
    until(lambda: sum(int(count) for count in
                      re.findall(r"failed logins: (\d+)", pooler.log())) == 3,
          what="all are in the log")
