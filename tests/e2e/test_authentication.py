"""Who may come in, and how the pooler proves itself to the server."""

import os

import pytest

from harness.account import give
from harness.cluster import PASSWORDS
from harness.errors import check
from harness.passwords import md5_secret, scram_secret
from harness.waiting import until
from harness.wire import Refused

CLIENT_SIDE = ["trust", "plain", "md5", "scram-sha-256"]
SERVER_SIDE = {"trust": "carol", "password": "plain_user", "md5": "md5_user",
               "scram": "scram_user"}
KINDS = {"trust": [0], "plain": [3, 0], "md5": [5, 0], "scram-sha-256": [10, 11, 12, 0]}


def asked(connection):
    """The authentication requests of a login, in order."""
    return [int.from_bytes(body[:4], "big") for body in connection.greeting.of("R")]


@pytest.mark.parametrize("server", SERVER_SIDE)
@pytest.mark.parametrize("client", CLIENT_SIDE)
def test_matrix_with_clear_passwords(make_pooler, client, server):
    user = SERVER_SIDE[server]
    password = PASSWORDS.get(user, "of carol")
    pooler = make_pooler(settings={"auth_type": client}, userlist={user: password})
    with pooler.connect(user, password=password) as connection:
        assert asked(connection) == KINDS[client]
        assert connection.value("SELECT session_user") == user


@pytest.mark.parametrize("auth_type", ["scram-sha-256", "md5"])
def test_scram_is_passed_through(cluster, make_pooler, auth_type):
    """The list holds only the server's own secret: no password in the clear anywhere."""
    pooler = make_pooler(settings={"auth_type": auth_type, "default_pool_size": 3},
                         userlist={"scram_user": cluster.secret_of("scram_user")})
    clients = [pooler.connect("scram_user") for _ in range(4)]
    for client in clients[:3]:
        assert asked(client) == KINDS["scram-sha-256"]
        client.query("BEGIN")
    for client in clients[:3]:
        assert client.query("COMMIT").status == "I"
    cluster.terminate_backends()
    for client in clients:
        assert client.alive()
        client.close()


def test_md5_secret_works_on_both_sides(cluster, make_pooler):
    secret = cluster.secret_of("md5_user")
    assert secret == md5_secret("md5_user", PASSWORDS["md5_user"])
    pooler = make_pooler(settings={"auth_type": "md5"}, userlist={"md5_user": secret})
    with pooler.connect("md5_user") as client:
        assert asked(client) == KINDS["md5"] and client.alive()


def test_scram_secret_of_another_salt_cannot_log_in_to_the_server(make_pooler):
    """The client is right, but its keys are not the server's: an error, no hang."""
    pooler = make_pooler(settings={"auth_type": "scram-sha-256"},
                         userlist={"scram_user": scram_secret(PASSWORDS["scram_user"])})
    with pytest.raises(Refused) as refusal:
        with pooler.connect("scram_user") as client:
            client.query("SELECT 1")
    assert refusal.value.error["C"] in ("28P01", "08P01", "08006"), refusal.value.error


@pytest.mark.parametrize("auth_type", ["plain", "md5", "scram-sha-256"])
@pytest.mark.parametrize("user, password", [
    ("scram_user", "wrong"), ("scram_user", "x" * 5000), ("nobody_known", "anything")])
def test_wrong_password_and_unknown_user(make_pooler, auth_type, user, password):
    """Both sound the same."""
    text = "SASL authentication failed" if auth_type == "scram-sha-256" else (
        "password authentication failed")
    pooler = make_pooler(settings={"auth_type": auth_type})
    with pytest.raises(Refused) as refusal:
        pooler.connect(user, password=password)
    if len(password) < 1000:
        check(refusal.value.error, text)
    with pooler.connect("scram_user") as client:
        assert client.alive()


@pytest.mark.parametrize("auth_type", ["md5", "scram-sha-256"])
def test_unknown_user_is_asked_like_a_known_one(make_pooler, auth_type):
    pooler = make_pooler(settings={"auth_type": auth_type})
    kinds = []
    for user in ("scram_user", "nobody_known", "nobody_known"):
        with pytest.raises(Refused) as refusal:
            pooler.connect(user, password="wrong")
        kinds.append(refusal.value.reply.kinds())
    assert kinds[0] == kinds[1] == kinds[2]


def test_trust_of_an_unknown_user(make_pooler):
    pooler = make_pooler()
    with pytest.raises(Refused) as refusal:
        pooler.connect("nobody_known")
    check(refusal.value.error, '"trust" authentication failed')


def test_empty_password(make_pooler):
    pooler = make_pooler(settings={"auth_type": "plain"})
    with pytest.raises(Refused) as refusal:
        pooler.connect("scram_user", password=b"")
    assert refusal.value.error["M"] in (
        "empty password returned by client", "password authentication failed")


@pytest.mark.parametrize("secret", ["md5", "scram"])
@pytest.mark.parametrize("auth_type", ["plain", "md5", "scram-sha-256"])
def test_stored_secrets_against_methods(cluster, make_pooler, auth_type, secret):
    """Any method with any secret that can answer it, towards a server that trusts."""
    stored = md5_secret("carol", "of carol") if secret == "md5" else scram_secret("of carol")
    pooler = make_pooler(settings={"auth_type": auth_type}, userlist={"carol": stored})
    possible = (auth_type, secret) != ("scram-sha-256", "md5")
    if possible:
        with pooler.connect("carol", password="of carol") as client:
            assert client.alive()
    with pytest.raises(Refused):
        pooler.connect("carol", password="of Carol" if possible else "of carol")


def test_forced_user_with_its_own_password(make_pooler):
    pooler = make_pooler(settings={"auth_type": "scram-sha-256"}, databases={
        "app": {"user": "md5_user", "password": "'md5 secret'"}})
    with pooler.connect("scram_user") as client:
        assert client.value("SELECT session_user") == "md5_user"


def test_hba_file(make_pooler, cluster):
    pooler = make_pooler(settings={"auth_type": "trust"})
    rules = pooler.directory.write("hba.conf", "\n".join([
        "# a comment", "host all bob 127.0.0.1/32 reject", "host other carol all trust",
        "host app carol 127.0.0.1 255.255.255.255 trust", "host pgbouncer all all trust",
        "host app scram_user,md5_user 127.0.0.0/8 scram-sha-256"]) + "\n")
    pooler.configure(settings={"auth_type": "hba", "auth_hba_file": rules})
    with pooler.console() as console:
        console.do("RELOAD")
    with pooler.connect("carol") as carol, pooler.connect("scram_user") as scram:
        assert asked(carol) == [0]
        assert asked(scram) == KINDS["scram-sha-256"]
    for user, text in (("bob", "login rejected"),
                       ("alice", "no authentication method is found")):
        with pytest.raises(Refused) as refusal:
            pooler.connect(user)
        check(refusal.value.error, text)


def test_auth_query(cluster, make_pooler):
    """Users who stand in no file, with their secrets from the server."""
    cluster.execute("DROP ROLE IF EXISTS asker; CREATE ROLE asker LOGIN SUPERUSER")
    pooler = make_pooler(settings={"auth_type": "scram-sha-256", "auth_user": "asker"},
                         userlist={"asker": "", "console": "console secret"})
    with pooler.connect("scram_user") as client:
        assert client.value("SELECT session_user") == "scram_user"
    with pytest.raises(Refused):
        pooler.connect("scram_user", password="wrong")
    with pytest.raises(Refused):
        pooler.connect("nobody_known", password="anything")
    cluster.execute("ALTER ROLE plain_user VALID UNTIL '2020-01-01'")
    try:
        with pytest.raises(Refused):
            pooler.connect("plain_user")
    finally:
        cluster.execute("ALTER ROLE plain_user VALID UNTIL 'infinity'")
    cluster.terminate_backends()
    with pooler.connect("scram_user") as client:
        assert client.alive()


def test_password_changes_with_the_list(make_pooler):
    pooler = make_pooler(settings={"auth_type": "scram-sha-256"},
                         userlist={"carol": "old", "console": "console"})
    with pooler.connect("carol", password="old") as client:
        path = pooler.directory.write("userlist.txt", '"carol" "new"\n"console" "console"\n')
        give(path)
        os.utime(path, (1, 1))
        pooler.signal("HUP")
        def changed():
            try:
                pooler.connect("carol", password="new").close()
                return True
            except Refused:
                return False

        until(changed, what="the new password works")
        with pytest.raises(Refused):
            pooler.connect("carol", password="old")
        assert client.alive()


def test_secrets_stay_out_of_the_log(make_pooler):
    pooler = make_pooler(settings={"auth_type": "plain", "verbose": 3})
    with pooler.connect("scram_user") as client:
        client.alive()
    with pytest.raises(Refused):
        pooler.connect("scram_user", password="a wrong guess")
    log = pooler.log()
    assert PASSWORDS["scram_user"] not in log and "a wrong guess" not in log


@pytest.mark.pgbouncer_differs("a bad line is skipped, so its reject is lost")
def test_bad_line_of_the_hba_file_lets_nobody_in(make_pooler):
    pooler = make_pooler()
    rules = pooler.directory.write(
        "hba.conf", "host all bob 127.0.0.1/99 reject\nhost all all 127.0.0.1/32 trust\n")
    pooler.configure(settings={"auth_type": "hba", "auth_hba_file": rules})
    with pooler.console() as console, pooler.connect("bob") as inside:
        before = console.config("auth_type")
        reply = console.run("RELOAD")
        refused = bool(reply.errors) and console.config("auth_type") == before
        if not refused:
            with pytest.raises(Refused):
                pooler.connect("bob")
        assert inside.alive()


def test_bad_line_of_the_user_list_hides_nobody(make_pooler):
    """Either the rest is read, or the old list stays."""
    pooler = make_pooler(userlist={"console": "", "carol": ""})
    pooler.directory.write("userlist.txt", '"console" ""\nthis is no entry\n"carol" ""\n')
    with pooler.console() as console:
        console.run("RELOAD")
    with pooler.connect("carol") as client:
        assert client.alive()


def test_search_path_of_a_client_is_not_used_for_auth_query(cluster, make_pooler):
    cluster.execute(
        "DROP ROLE IF EXISTS asker2; CREATE ROLE asker2 LOGIN SUPERUSER; "
        "DROP SCHEMA IF EXISTS evil CASCADE; CREATE SCHEMA evil; "
        "CREATE TABLE evil.pg_authid (rolname text, rolpassword text, rolvaliduntil timestamptz, "
        "rolcanlogin bool); INSERT INTO evil.pg_authid VALUES ('carol', 'planted', NULL, true)")
    pooler = make_pooler(settings={"auth_type": "scram-sha-256", "auth_user": "asker2",
                                   "track_extra_parameters": "search_path"},
                         userlist={"asker2": ""})
    path = "evil, pg_catalog"
    for wishes in ({"search_path": path}, {"options": "-c search_path=" + path.replace(" ", "")}):
        for _ in range(2):
            with pytest.raises(Refused):
                pooler.connect("carol", password="planted", parameters=wishes)
