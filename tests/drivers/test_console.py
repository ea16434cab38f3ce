"""The admin console through drivers that speak the extended protocol: no simple mode, no tricks."""

import pytest

from . import test_jdbc, test_node, test_python
from .driver import CONSOLE_PASSWORD
from .test_jdbc import classes  # a fixture  # noqa: F401

pytestmark = pytest.mark.weir_only("the console speaks the extended protocol")


@pytest.fixture
def console(driver):
    """A Driver whose programs reach the console."""
    driver.login = {"PGUSER": "console", "PGDATABASE": "pgbouncer",
                    "PGPASSWORD": CONSOLE_PASSWORD}
    return driver


@pytest.mark.parametrize("module", ["psycopg", "asyncpg"])
def test_python_drivers(console, module):
    test_python.run(console, module, "console")


def test_node_postgres(console):
    test_node.run(console, "node_postgres.mjs", "console")


def test_jdbc_driver(console, classes):  # noqa: F811
    console.check("java", "-XX:TieredStopAtLevel=1", "-cp", f"{classes}:{test_jdbc.JAR}",
                  "Program", "console")
