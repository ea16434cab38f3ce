#!/usr/bin/env python3
"""tally.py FOLDER...: sums the results of test steps into one line, `N passed, N failed`.

A folder holds JUnit files and steps.txt (`passed|failed <tab> name`). In ctest's files a test is a
whole program, so its own summary is counted where it prints one. Exit status 1 on any failure.
"""

import pathlib
import re
import sys
import xml.etree.ElementTree as xml
from collections import Counter

DOCTEST = re.compile(
    r"\[doctest\] test cases:\s*\d+ \|\s*(\d+) passed \|\s*(\d+) failed \|\s*(\d+) skipped")


def outcome(case):
    """passed, failed or skipped, as the runner of the test case saw it."""
    # ctest marks a program that it could not start as skipped, too.
    if case.get("status") in ("fail", "notrun"):
        return "failed"
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    return "passed" if case.find("skipped") is None else "skipped"


def count_case(case):
    """One test case; a doctest program counts as the cases that it reports itself."""
    seen = outcome(case)
    summary = DOCTEST.search(case.findtext("system-out") or "")
    if not summary:
        return Counter({seen: 1})
    passed, failed, skipped = map(int, summary.groups())
    if seen == "failed" and failed == 0:
        failed = 1  # it failed after its summary, as a sanitizer's report makes it do
    return Counter(passed=passed, failed=failed, skipped=skipped)


def count_junit(path):
    try:
        root = xml.parse(path).getroot()
    except xml.ParseError as error:
        print(f"FAILED: {path.stem}: its report cannot be read ({error})")
        return Counter(failed=1)
    total = Counter()
    for case in root.iter("testcase"):
        counted = count_case(case)
        if counted["failed"]:
            print("FAILED:", ".".join(filter(None, (case.get("classname"), case.get("name")))))
        total += counted
    return total


def count_steps(path):
    total = Counter()
    for line in path.read_text().splitlines():
        status, name = line.split("\t")
        if status == "failed":
            print("FAILED:", name)
        total[status] += 1
    return total


def main(folders):
    total = Counter()
    for folder in map(pathlib.Path, folders):
        for path in sorted(folder.glob("*.xml")):
            total += count_junit(path)
        for path in folder.glob("steps.txt"):
            total += count_steps(path)
    if total["passed"] + total["failed"] == 0:
        print("FAILED: nothing was tested")
        total["failed"] = 1
    line = f"{total['passed']} passed, {total['failed']} failed"
    if total["skipped"]:
        line += f", {total['skipped']} skipped"
    print(line)
    return 1 if total["failed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
