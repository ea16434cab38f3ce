"""Go: pgx 4, as Debian packages it, built without modules from /usr/share/gocode."""

import os

import pytest

from .driver import BUILT, FOLDER, build, need

GOPATH = "/usr/share/gocode"


@pytest.fixture(scope="session")
def program(tmp_path_factory):
    need("go")
    if not os.path.isdir(os.path.join(GOPATH, "src/github.com/jackc/pgx/v4")):
        pytest.skip("golang-github-jackc-pgx-v4-dev is not installed")
    built = str(tmp_path_factory.mktemp("pgx") / "program")
    build("go", "build", "-o", built, os.path.join(FOLDER, "pgx", "program.go"), GOPATH=GOPATH,
          GO111MODULE="off", CGO_ENABLED="0", GOCACHE=os.path.join(BUILT, "go"), GOFLAGS="")
    return built


@pytest.mark.parametrize("case", [
    "work", "prepared", "simple", "batches", "copies", "cancel",
    pytest.param("deallocate", marks=pytest.mark.pgbouncer_differs(
        "DEALLOCATE of a name that the protocol made is not translated")),
    pytest.param("settings", marks=pytest.mark.pgbouncer_differs("startup parameters are lost"))])
def test_pgx(driver, program, case):
    driver.check(program, case)
