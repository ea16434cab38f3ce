"""Logins that PAM decides. Services stand in one folder of the whole system, which only root may
write to; what the modules are told is tested in src/login/answer_test.cc with a folder of its own.
"""

import os
import uuid

import pytest

from harness.account import Directory
from harness.cluster import PASSWORDS
from harness.errors import check
from harness.pooler import KIND
from harness.wire import Refused

SERVICES = "/etc/pam.d"

pytestmark = [
    pytest.mark.skipif(not os.access(SERVICES, os.W_OK), reason="only root may add services")]

# Knows one password for each user.
SCRIPT = """#!/bin/sh
password=$(tr -d '\\0')
case "$PAM_USER/$password" in
  "alice/of alice" | "plain_user/{plain}") exit 0 ;;
esac
exit 1
"""


@pytest.fixture
def folder():
    made = Directory("pam")
    yield made
    made.remove()


@pytest.fixture
def make_service(folder):
    """A service in which a script decides."""
    paths = []

    def make(name):
        script = folder.write("decide", SCRIPT.format(plain=PASSWORDS["plain_user"]))
        os.chmod(script, 0o700)
        path = os.path.join(SERVICES, name)
        with open(path, "x", encoding="ascii") as out:
            paths.append(path)
            out.write(f"auth required pam_exec.so quiet expose_authtok {script}\n"
                      "account required pam_permit.so\n")
        return name

    yield make
    for path in paths:
        os.remove(path)


def check_logins(pooler):
    with pooler.connect("alice", password="of alice") as client:
        assert client.value("SELECT session_user") == "alice"
    with pooler.connect("plain_user") as client:
        assert client.value("SELECT session_user") == "plain_user"
    for user in ("alice", "nobody_known"):
        with pytest.raises(Refused) as refusal:
            pooler.connect(user, password="a wrong guess")
        check(refusal.value.error, "PAM authentication failed")
    assert "pam_authenticate() failed: " in pooler.log()
    assert "a wrong guess" not in pooler.log()


def test_auth_type_pam(make_pooler, make_service):
    """Nobody has to stand in the user list."""
    if os.path.exists(os.path.join(SERVICES, "pgbouncer")):
        pytest.skip("this system has a service pgbouncer of its own")
    make_service("pgbouncer")
    check_logins(make_pooler(settings={"auth_type": "pam"}, userlist={}))


@pytest.mark.skipif(KIND == "pgbouncer", reason="PgBouncer has no pam in HBA lines")
def test_a_line_names_its_service(make_pooler, make_service, folder):
    service = make_service(f"weir-test-{uuid.uuid4().hex}")
    rules = folder.write("hba.conf", f"host app all all pam pamservice={service}\n")
    check_logins(make_pooler(settings={"auth_type": "hba", "auth_hba_file": rules}, userlist={}))
