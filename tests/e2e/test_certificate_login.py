"""Logins by certificate: its names, ident maps, and lines for encrypted connections."""

import pytest

from harness.account import Directory
from harness.certificates import Authority, secure_login
from harness.errors import check
from harness.wire import Refused


@pytest.fixture(scope="module")
def authority():
    made = Authority()
    made.issue("pooler", "localhost", "DNS:localhost")
    made.issue("alice", "alice")
    made.issue("service", "some service", "DNS:alice,DNS:bob")
    made.issue("stranger", "nobody_known")
    yield made
    made.remove()


@pytest.fixture
def files():
    made = Directory("cert")
    yield made
    made.remove()


def tls_settings(authority, **settings):
    return {"client_tls_sslmode": "verify-full", "client_tls_ca_file": authority.ca,
            "client_tls_key_file": authority.key("pooler"),
            "client_tls_cert_file": authority.certificate("pooler"), **settings}


def refused(connect, text="certificate authentication failed"):
    with pytest.raises(Refused) as refusal:
        connect()
    check(refusal.value.error, text)


def test_a_name_of_the_certificate_is_the_users(make_pooler, authority):
    pooler = make_pooler(settings=tls_settings(authority, auth_type="cert"))

    def login(certificate, user):
        return secure_login(pooler.address, authority.context(certificate), user)

    with login("alice", "alice") as client:
        assert client.value("SELECT session_user") == "alice"
    login("service", "alice").close()
    login("service", "bob").close()
    refused(lambda: login("alice", "bob"))
    refused(lambda: login("service", "carol"))
    refused(lambda: login("stranger", "nobody_known"))


def test_lines_for_encrypted_connections(make_pooler, authority, files):
    lines = ["hostssl app bob all cert map=services", "hostssl app alice all trust",
             "hostnossl app carol all trust", "local pgbouncer all trust"]
    settings = tls_settings(
        authority, auth_type="hba", client_tls_sslmode="verify-ca",
        auth_hba_file=files.write("hba.conf", "\n".join(lines) + "\n"),
        auth_ident_file=files.write("ident.conf", 'services "some service" bob\n'))
    pooler = make_pooler(settings=settings)

    def login(certificate, user):
        return secure_login(pooler.address, authority.context(certificate), user)

    login("service", "bob").close()
    refused(lambda: login("alice", "bob"))
    login("stranger", "alice").close()
    refused(lambda: login("alice", "carol"), "no authentication method is found")
