"""pgbench: its built-in scripts and our own, in every query mode, with 20 clients."""

import os
import re

import pytest

from .driver import FOLDER

CLIENTS = 20
TRANSACTIONS = 50
TOTAL = CLIENTS * TRANSACTIONS

# Whatever pgbench did, the money must add up.
SUMS = """SELECT (SELECT sum(abalance) FROM pgbench_accounts), (SELECT sum(bbalance) FROM
 pgbench_branches), (SELECT sum(tbalance) FROM pgbench_tellers), (SELECT sum(delta) FROM
 pgbench_history), (SELECT count(*) FROM pgbench_history)"""

MODES = pytest.mark.parametrize("mode", ["simple", "extended", "prepared"])


@pytest.fixture
def bench(driver):
    """Fills the tables through the pooler; gives a function that runs pgbench."""
    driver.run("pgbench", "-i", "-q", "-s", "1")

    def run(*arguments, transactions=TRANSACTIONS):
        # pgbench prepares with a blocking call: clients that share a thread with one that waits
        # for a server could never give theirs back, so prepared mode needs a thread per client.
        threads = CLIENTS if "prepared" in arguments else 2
        done = driver.run("pgbench", "-n", "-c", CLIENTS, "-j", threads, "-t", transactions,
                          *arguments)
        said = done.stdout
        total = CLIENTS * transactions
        assert f"actually processed: {total}/{total}" in said, said
        assert "number of failed transactions: 0 " in said, said
        return said

    run.driver = driver
    return run


def script(name):
    return "-f", os.path.join(FOLDER, "pgbench", name + ".sql")


def sums(driver):
    line = driver.run("psql", "-X", "-A", "-t", "-F", " ", "-c", SUMS).stdout
    return [int(text or 0) for text in line.split()]


@MODES
def test_tpcb_like(bench, mode):
    bench("-M", mode, "-b", "tpcb-like")
    accounts, branches, tellers, history, rows = sums(bench.driver)
    assert accounts == branches == tellers == history and rows == TOTAL


@MODES
def test_select_only(bench, mode):
    bench("-M", mode, "-b", "select-only", transactions=300)


@MODES
def test_answers(bench, mode):
    bench("-M", mode, *script("answers"))


@pytest.mark.parametrize("mode", ["extended", "prepared"])
def test_pipelines(bench, mode):
    bench("-M", mode, *script("pipeline"))
    accounts, branches, tellers, history, rows = sums(bench.driver)
    assert accounts == branches == tellers == history and rows == TOTAL


def test_retries_of_serialization_failures(bench):
    said = bench("-M", "prepared", "--max-tries=100000", *script("serializable"))
    assert sums(bench.driver)[0] == TOTAL
    assert re.search(r"number of transactions retried: [1-9]", said), said


def test_a_connection_for_every_transaction(bench):
    bench("-M", "extended", "-C", "-b", "simple-update", transactions=10)
    accounts, _, _, history, rows = sums(bench.driver)
    assert accounts == history and rows == CLIENTS * 10
