"""What the Python programs here share: checks that count, threads, and the choice of a case."""

import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor

checked = 0


def equal(actual, expected, what):
    global checked
    if actual != expected:
        raise AssertionError(f"{what}: {actual!r}, expected {expected!r}")
    checked += 1


def fails(sqlstate, what, work, *arguments, **options):
    """work(*arguments, **options) must raise the driver's error with that SQLSTATE."""
    global checked
    try:
        work(*arguments, **options)
    except Exception as error:
        seen = getattr(error, "pgcode", None) or getattr(error, "sqlstate", None)
        if seen != sqlstate:
            raise AssertionError(f"{what}: {seen}, expected {sqlstate}") from error
        checked += 1
        return error
    raise AssertionError(f"{what}: succeeded, expected {sqlstate}")


def together(count, work):
    """work(0) ... work(count - 1), each in a thread; their results."""
    with ThreadPoolExecutor(count) as threads:
        return [run.result() for run in [threads.submit(work, who) for who in range(count)]]


def cancelled(slow, ask, cancel):
    """Runs slow(sql) in a thread, waits until ask(sql), on another connection, sees it run, and
    cancels it; what slow returned or raised."""
    sql = f"SELECT pg_sleep(60) /* slow {random.getrandbits(60)} */"
    seen = f"SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query = '{sql}'"
    with ThreadPoolExecutor(1) as thread:
        run = thread.submit(slow, sql)
        while ask(seen) == 0 and not run.done():
            time.sleep(0.05)
        cancel()
        return run.result()


def main(cases):
    cases[sys.argv[1]]()
    if checked == 0:
        raise AssertionError("the case checked nothing")
    print(f"ok {checked} checks")
