"""One database and one pooler for every driver's program: SCRAM, transaction mode, three servers.

WEIR_TEST_POOLER=direct runs the programs against PostgreSQL itself, which proves the programs.
"""

import pytest

from harness.cluster import PASSWORDS
from harness.pooler import KIND

from .driver import CONSOLE_PASSWORD, DATABASE, POOL_SIZE, USER, Driver

# PgBouncer refuses startup parameters that it does not follow; its users list them here.
PGBOUNCER_ONLY = {"ignore_startup_parameters": "extra_float_digits,statement_timeout,options"}


@pytest.fixture(scope="session")
def drivers_database(running_cluster):
    running_cluster.execute(f"CREATE DATABASE {DATABASE} OWNER {USER}", database="postgres")


@pytest.fixture
def driver(cluster, drivers_database, make_pooler, tmp_path, request):
    """A Driver with an empty database; it is judged after the test."""
    driver = Driver(cluster, str(tmp_path))
    driver.empty_database()
    if KIND != "direct":
        settings = {"auth_type": "scram-sha-256", "default_pool_size": POOL_SIZE,
                    **(PGBOUNCER_ONLY if KIND == "pgbouncer" else {})}
        driver.pooler = make_pooler(
            settings=settings, databases={DATABASE: {"dbname": DATABASE}},
            userlist={**PASSWORDS, "console": CONSOLE_PASSWORD})
    yield driver
    if not request.node.failed:
        driver.judge()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Remembers whether the test itself failed: only then its pool is not judged."""
    report = (yield).get_result()
    if report.when == "call":
        item.failed = report.outcome != "passed"
