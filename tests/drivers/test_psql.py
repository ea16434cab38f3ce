"""psql: twelve sessions at once, each with a script whose every line of output is known."""

import os
import re
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.waiting import seconds, until

from .driver import FOLDER

SESSIONS = range(1, 13)
LINES = 500
QUIET = ("psql", "-X", "-q", "-A", "-t")


def at_once(work):
    """Runs work(who) for every session, each in a thread."""
    with ThreadPoolExecutor(len(SESSIONS)) as threads:
        for run in [threads.submit(work, who) for who in SESSIONS]:
            run.result()


def query(driver, sql, *arguments):
    return driver.run(*QUIET, *arguments, "-c", sql).stdout.strip()


def expected(who):
    """What psql/session.sql prints, but for errors and notices."""
    lines = [f"{who}|simple", f"{who}", "two", f"{who + 1000}|bound",
             f"{who * 2}|set"]
    lines += [f"{who * i}|gexec" for i in (1, 2, 3)]
    first = who * 1000
    lines += [f"{LINES}|{first}|{first + LINES - 1}"]
    lines += [f"line {i} of {who}\\\\" for i in range(3)]
    lines += [f"{first}", f"{first + 1}"]
    lines += [f"{first + i}" for i in range(LINES - 5, LINES)]
    lines += [f"{who}|{state}" for state in ("22012", "22P02", "22P02")]
    lines += ["changed", f"line 0 of {who}\\", f"{who}|watched", f"{who}|watched"]
    lines += [f"{first}", f"{first + 1}", f"{first + 5}", f"{3000000 + who}"]
    return lines


def session(driver, scratch, who):
    folder = scratch / f"session{who}"
    folder.mkdir()
    (folder / "lines.tsv").write_text("".join(
        f"{who * 1000 + i}\tline {i} of {who}\\\\\n" for i in range(LINES)))
    (folder / "broken.tsv").write_text("1\nnot a number\n")
    script = os.path.join(FOLDER, "psql", "session.sql")
    done = driver.run(*QUIET, "-v", f"who={who}", "-f", script, folder=folder)
    printed = [line for line in done.stdout.splitlines() if line]
    assert printed == expected(who)
    complaints = re.findall(r"(?:ERROR|WARNING): +(\w+)", done.stderr)
    assert complaints == ["22012", "22P02", "22P02", "42703", "01000"], done.stderr


def test_sessions(driver, tmp_path):
    query(driver, "CREATE TABLE line (who int, n int, body text)")
    at_once(lambda who: session(driver, tmp_path, who))
    assert query(driver, "SELECT count(*), count(DISTINCT who) FROM line") == (
        f"{LINES * len(SESSIONS)}|{len(SESSIONS)}")


@pytest.mark.pgbouncer_differs("the unnamed statement does not live beyond its Sync", strict=False)
def test_describe(driver):
    """\\gdesc prepares the unnamed statement and describes it in an exchange of its own."""
    def one(who):
        script = f"SELECT {who} AS number{who}, 'x'::text AS letter \\gdesc\n" * 20
        assert driver.run(*QUIET, stdin=script).stdout == f"number{who}|integer\nletter|text\n" * 20

    at_once(one)


def test_cancel(driver):
    """Interrupts one of two queries, again and again; the other must not notice."""
    def start(milliseconds):
        return subprocess.Popen(
            [*QUIET, "-c", f"SELECT pg_sleep({milliseconds / 1000}), 'done'"], text=True,
            env=driver.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    for _ in range(3):
        quick, slow = start(1500), start(60000)
        until(lambda: sleeping(driver) == 2, what="both queries run", timeout=30)
        slow.send_signal(signal.SIGINT)
        _, complaint = slow.communicate(timeout=seconds(20))
        assert "canceling statement due to user request" in complaint
        assert quick.communicate(timeout=seconds(20)) == ("|done\n", "")


def sleeping(driver):
    return int(driver.direct("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' "
                             "AND query LIKE 'SELECT pg_sleep%' AND datname = current_database()"))


@pytest.mark.pgbouncer_differs("startup options are lost")
def test_settings(driver):
    """Startup parameters and SET belong to the session, not to the server it happens to get."""
    def one(who):
        options = {"PGAPPNAME": f"psql {who}", "PGTZ": "Asia/Tokyo" if who % 2 else "UTC",
                   "PGOPTIONS": f"-c statement_timeout={5000 + who} -c search_path=own{who},public"}
        script = f"SET work_mem = '{1000 + who}kB';\nSET weir.who = 'w{who}';\n" + "".join(
            f"SHOW {name};\n" for name in ("application_name", "TimeZone", "statement_timeout",
                                           "search_path", "work_mem", "weir.who")) * 5
        done = driver.run(*QUIET, stdin=script, more=options)
        assert done.stdout.split("\n")[:-1] == [
            f"psql {who}", options["PGTZ"], f"{5000 + who}ms", f"own{who},public",
            f"{1000 + who}kB", f"w{who}"] * 5

    at_once(one)
