"""Logins that an LDAP server decides: Debian's slapd, and servers that do not answer."""

import socket

import pytest

from harness import directory
from harness.account import Directory
from harness.cluster import PASSWORDS
from harness.directory import BASE, READER, READER_PASSWORD
from harness.errors import check
from harness.frontend import password, startup
from harness.pooler import KIND
from harness.waiting import until
from harness.wire import Refused

pytestmark = [
    pytest.mark.skipif(not directory.installed(), reason="slapd is not installed"),
    pytest.mark.skipif(KIND == "pgbouncer", reason="Debian's PgBouncer is built without LDAP")]

PEOPLE = {"alice": "of alice", "bob": "of bob", "carol": "of carol, twice",
          "plain_user": PASSWORDS["plain_user"]}


@pytest.fixture(scope="module")
def ldap():
    server = directory.LdapServer(PEOPLE, twice=["carol"])
    yield server
    server.stop()


@pytest.fixture
def hba():
    """Writes the lines of an HBA file, after one for the console; gives the settings."""
    folder = Directory("ldap")

    def write(*lines):
        text = "\n".join(["host pgbouncer all all trust", *lines]) + "\n"
        return {"auth_type": "hba", "auth_hba_file": folder.write("hba.conf", text)}

    yield write
    folder.remove()


@pytest.fixture
def deaf_server():
    """Takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as server:
        yield server.getsockname()[1]


def by_prefix(server):
    return (f'ldapserver=127.0.0.1 ldapport={server.port} ldapprefix="uid=" '
            f'ldapsuffix=",ou=people,{BASE}"')


def by_search(server, more=""):
    return (f'ldapserver=127.0.0.1:{server.port} ldapbasedn="{BASE}" ldapbinddn="{READER}" '
            f'ldapbindpasswd="{READER_PASSWORD}" {more}')


def refused(pooler, user, secret, text="LDAP authentication failed"):
    with pytest.raises(Refused) as refusal:
        pooler.connect(user, password=secret)
    check(refusal.value.error, text)


def ask(pooler, user, secret):
    """A login whose answer is not waited for."""
    connection = pooler.raw()
    connection.send(startup({"user": user, "database": "app"}))
    connection.read()
    return connection.send(password(secret))


@pytest.mark.parametrize("options", [
    by_prefix, by_search,
    lambda server: by_search(server, "ldapsearchattribute=uid"),
    lambda server: by_search(server, 'ldapsearchfilter="(&(objectClass=account)(uid=$username))"'),
    lambda server: f'ldapurl="ldap://127.0.0.1:{server.port}/{BASE}?uid?sub"',
    lambda server: f'ldapurl="ldap://127.0.0.1:{server.port}/ou=people,{BASE}?uid?one"'])
@pytest.mark.parametrize("auth_type", ["ldap", "hba"])
def test_who_is_in_the_directory_comes_in(make_pooler, ldap, hba, auth_type, options):
    """Nobody has to stand in the user list, and the server gets the same password."""
    settings = (hba(f"host app all 127.0.0.1/32 ldap {options(ldap)}") if auth_type == "hba" else
                {"auth_type": "ldap", "auth_ldap_options": options(ldap)})
    pooler = make_pooler(settings=settings, userlist={"console": ""})
    for user in ("alice", "plain_user"):
        with pooler.connect(user, password=PEOPLE[user]) as client:
            assert client.value("SELECT session_user") == user
            assert [int.from_bytes(body[:4], "big") for body in client.greeting.of("R")] == [3, 0]
    refused(pooler, "alice", "of bob")
    refused(pooler, "nobody_known", "of bob")
    refused(pooler, "alice", b"", "empty password returned by client")
    assert "of bob" not in pooler.log()


def test_names_with_a_meaning_of_their_own(make_pooler, ldap, hba):
    """Nobody becomes somebody else by what he puts into a filter or a name."""
    pooler = make_pooler(settings=hba(
        f"host app all 127.0.0.1/32 ldap {by_search(ldap)}"), userlist={})
    for user in ("*", "ali*", "alice)(uid=*", "bob)(|(uid=alice", "\\61lice", "("):
        refused(pooler, user, "of alice")
    pooler = make_pooler(settings=hba(
        f"host app all 127.0.0.1/32 ldap {by_prefix(ldap)}"), userlist={})
    for user in (f"alice,ou=people,{BASE}", "alice+uid=alice", "bob,uid=alice"):
        refused(pooler, user, "of alice")


def test_a_user_who_is_there_twice_is_nobody(make_pooler, ldap):
    pooler = make_pooler(settings={"auth_type": "ldap", "auth_ldap_options": by_search(ldap)})
    refused(pooler, "carol", PEOPLE["carol"])
    assert 'LDAP user "carol" is not unique' in pooler.log()


def test_no_server(make_pooler, hba):
    pooler = make_pooler(settings=hba(
        "host app alice all ldap ldapserver=127.0.0.1 ldapport=1 ldapprefix=uid=",
        "host app all all trust"))
    refused(pooler, "alice", "x")
    assert "Can't contact LDAP server" in pooler.log()
    with pooler.connect("bob") as client:
        assert client.alive()


def test_the_password_of_the_reader_is_shown_to_nobody(make_pooler, ldap):
    pooler = make_pooler(settings={"auth_type": "ldap", "auth_ldap_options": by_search(ldap),
                                   "verbose": 3, "admin_users": "bob"})
    with pooler.connect("bob", "pgbouncer", password=PEOPLE["bob"]) as client:
        shown = client.query("SHOW CONFIG")
        assert READER_PASSWORD not in str(shown.rows)
        assert "ldapbindpasswd=***" in str(shown.rows)
    refused(pooler, "alice", "wrong")
    assert READER_PASSWORD not in pooler.log()


def test_a_slow_server_delays_nobody_else(make_pooler, ldap, hba, deaf_server):
    pooler = make_pooler(settings=hba(
        f"host app bob all ldap ldapserver=127.0.0.1 ldapport={deaf_server} ldapprefix=uid=",
        f"host app alice all ldap {by_prefix(ldap)}", "host app all all trust"))
    waiting = [ask(pooler, "bob", "x") for _ in range(4)]
    with pooler.connect("alice", password=PEOPLE["alice"], timeout=5) as client:
        assert client.alive()
    with pooler.connect("carol", timeout=5) as client:
        assert client.alive()
    waiting.pop().abandon()
    waiting.pop().abandon(reset=True)
    until(lambda: pooler.log().count("client unexpected eof") >= 2, what="they have gone")
    assert not waiting[0].silent_for(0.1)
    # The pooler ends at once, although the server still has not answered.


def test_more_logins_than_are_kept_waiting(make_pooler, hba, deaf_server):
    pooler = make_pooler(settings=hba(
        f"host app bob all ldap ldapserver=127.0.0.1 ldapport={deaf_server} ldapprefix=uid=",
        "host app all all trust"))
    waiting = [ask(pooler, "bob", "x") for _ in range(150)]
    check(waiting[-1].read_to_end().error, "too many logins are being verified")
    with pooler.connect("carol") as client:
        assert client.alive()


def test_options_that_cannot_work_are_refused(make_pooler):
    pooler = make_pooler(wait=False, settings={
        "auth_type": "ldap", "auth_ldap_options": "ldapserver=h ldapprefix=a ldapbasedn=b"})
    assert pooler.wait() == 1
    assert "auth_ldap_options: ldapprefix and ldapsuffix do not go together" in pooler.log()
    pooler.process = None
