"""Waiting for something to become true, never by a fixed sleep.

WEIR_TEST_PATIENCE stretches every deadline, for slow machines and sanitizer builds.
"""

import os
import time

PATIENCE = float(os.environ.get("WEIR_TEST_PATIENCE", "1"))


def seconds(count):
    return count * PATIENCE


def until(condition, timeout=10.0, interval=0.02, what="condition"):
    """Returns the first true value of condition(); fails when there is none in time."""
    deadline = time.monotonic() + seconds(timeout)
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: still not so after {seconds(timeout):g} s")
        time.sleep(interval)
