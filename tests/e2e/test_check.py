"""`weir check`: what is wrong in a configuration, and what it means."""

import subprocess

import pytest

from harness.pooler import KIND, program

pytestmark = pytest.mark.skipif(KIND != "weir", reason="a command of Weir's own")


def check(tmp_path, text):
    path = tmp_path / "c.ini"
    path.write_text(text)
    (tmp_path / "users.txt").write_text('"ann" "x"\n"bob" "md5' + "0" * 32 + '"\n')
    done = subprocess.run([program(), "check", str(path)], capture_output=True, text=True,
                          cwd=tmp_path)
    return done.returncode, done.stdout.replace(str(path), "c.ini")


def test_good_file(tmp_path):
    status, said = check(tmp_path, "[databases]\nshop = host=10.0.0.5 pool_size=60\n"
                                   "[pgbouncer]\nauth_file = users.txt\npool_mode = transaction\n")
    assert status == 0
    assert said.startswith("c.ini: no problems\n\nlistens on /tmp/.s.PGSQL.6432\n")
    assert ("database shop -> shop at 10.0.0.5:5432, transaction mode, up to 60 connections for "
            "each user\n") in said
    assert "server 10.0.0.5:5432 may get 120 connections, more than the 97" in said
    assert "hint: 1 of the users have an MD5 secret" in said


def test_bad_file(tmp_path):
    status, said = check(tmp_path, "[pgbouncer]\nauth_file = users.txt\npool_mod = session\n")
    assert status == 1
    assert said.startswith("c.ini:3: error: unknown parameter: pgbouncer/pool_mod")
    assert "listens on" not in said
