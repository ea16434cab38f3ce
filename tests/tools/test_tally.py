"""tools/tally.py sums what test programs report, and overlooks no failure."""

import os
import subprocess
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def case(inside="", status="run"):
    return f'<testcase name="n" status="{status}">{inside}</testcase>'


def doctest(passed, failed, skipped):
    total = passed + failed
    return (f"<system-out>[doctest] test cases: {total:4} | {passed:4} passed | {failed} failed |"
            f" {skipped} skipped</system-out>")


@pytest.mark.parametrize("cases, line, status", [
    ([case(doctest(12, 0, 0)), case()], "13 passed, 0 failed", 0),
    ([case(doctest(12, 0, 3))], "12 passed, 0 failed, 3 skipped", 0),
    ([case(doctest(10, 2, 0), "fail")], "10 passed, 2 failed", 1),
    ([case(doctest(12, 0, 0), "fail")], "12 passed, 1 failed", 1),
    ([case("<system-out>Aborted</system-out>", "fail")], "0 passed, 1 failed", 1),
    ([case('<skipped message="no executable"/>', "notrun"), case()], "1 passed, 1 failed", 1),
    ([case("<failure/>"), case("<error/>"), case("<skipped/>"), case()],
     "1 passed, 2 failed, 1 skipped", 1),
    ([], "0 passed, 1 failed", 1),
])
def test_closing_line(tmp_path, cases, line, status):
    (tmp_path / "a.xml").write_text(f"<testsuite>{''.join(cases)}</testsuite>")
    assert tally(tmp_path) == (line, status)


def test_steps_and_broken_reports_count(tmp_path):
    (tmp_path / "steps.txt").write_text("passed\tbuild\nfailed\tstyle\n")
    (tmp_path / "a.xml").write_text("<testsuite>")
    assert tally(tmp_path) == ("1 passed, 2 failed", 1)


def tally(folder):
    done = subprocess.run([sys.executable, os.path.join(ROOT, "tools", "tally.py"), str(folder)],
                          capture_output=True, text=True, check=False)
    return done.stdout.splitlines()[-1], done.returncode
