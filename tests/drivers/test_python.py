"""Python: psycopg2, psycopg 3 and asyncpg, as Debian packages them."""

import os
import subprocess

import pytest

from .driver import FOLDER

PYTHON = "/usr/bin/python3"
LOST = "startup options are lost"
LISTEN = "LISTEN is lost"


def differs(case, reason, strict=True):
    return pytest.param(case, marks=pytest.mark.pgbouncer_differs(reason, strict=strict))


def run(driver, module, case):
    there = subprocess.run([PYTHON, "-c", f"import {module}"], capture_output=True)
    if there.returncode != 0:
        pytest.skip(f"Debian's Python module {module} is not installed")
    driver.check(PYTHON, os.path.join(FOLDER, "python", f"{module}_program.py"), case)


@pytest.mark.parametrize("case", [
    "work", "cursors", "copy", "large_objects", "notices", "cancel", "two_phases",
    differs("holdable", "WITH HOLD cursors leak", strict=False), differs("settings", LOST),
    differs("notifications", LISTEN, strict=False)])
def test_psycopg2(driver, case):
    run(driver, "psycopg2", case)


@pytest.mark.parametrize("case", [
    "work", "prepared", "pipelines", "copy", "cursors", "notices", "cancel", "asyncio_clients",
    differs("deallocate", "DEALLOCATE of a name that the protocol made is not translated",
            strict=False),
    differs("settings", LOST), differs("notifications", LISTEN, strict=False)])
def test_psycopg(driver, case):
    run(driver, "psycopg", case)


@pytest.mark.parametrize("case", [
    "work", "types", "prepared", "batches", "cursors", "timeouts",
    differs("stale", "a stale statement is prepared anew under the same name"),
    differs("settings", LOST), differs("notifications", LISTEN, strict=False)])
def test_asyncpg(driver, case):
    run(driver, "asyncpg", case)
