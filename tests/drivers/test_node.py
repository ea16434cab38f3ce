"""Node.js: node-postgres, Drizzle ORM on it, and postgres.js."""

import os

import pytest

from .driver import FOLDER, need

NODE = os.path.join(FOLDER, "node")
LOST = "startup parameters other than those that PostgreSQL reports are lost in transaction mode"


def run(driver, program, case):
    need("node", "npm")
    assert os.path.isdir(os.path.join(NODE, "node_modules")), f"run `npm ci` in {NODE} first"
    driver.check("node", os.path.join(NODE, program), case)


@pytest.mark.parametrize("case", [
    "work", "types", "prepared", "cursor", "copy", "timeout",
    pytest.param("settings", marks=pytest.mark.pgbouncer_differs(LOST))])
def test_node_postgres(driver, case):
    run(driver, "node_postgres.mjs", case)


@pytest.mark.parametrize("case", ["requests", "batches", "transactions", "prepared"])
def test_drizzle(driver, case):
    run(driver, "drizzle.mjs", case)


@pytest.mark.parametrize("case", [
    "work", "transactions", "pipelines", "cursors", "copy", "cancel",
    pytest.param("settings", marks=pytest.mark.pgbouncer_differs(LOST)),
    pytest.param("listen", marks=pytest.mark.pgbouncer_differs("LISTEN is lost"))])
def test_postgresjs(driver, case):
    run(driver, "postgresjs.mjs", case)
