"""deploy/prometheus/: promtool accepts all of it, and each alert has its test and its page."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy" / "prometheus"
RULES = sorted(FOLDER.glob("rules/*.yml"))
TESTS = sorted(FOLDER.glob("tests/*.yml"))


def promtool(*arguments):
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed")
    done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def alerts():
    """The rules by name: each one's lines."""
    found = {}
    for path in RULES:
        for rule in re.split(r"^ *- alert: ", path.read_text(), flags=re.M)[1:]:
            name, rest = rule.split("\n", 1)
            found[name] = rest
    return found


def test_configuration():
    checked = promtool("check", "config", FOLDER / "prometheus.yml")
    assert f"{len(RULES)} rule files found" in checked
    assert "job_name: pgbouncer" in (FOLDER / "prometheus.yml").read_text()


def test_rules():
    promtool("check", "rules", *RULES)


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_alerts_fire_and_clear(path):
    promtool("test", "rules", path)


def test_each_alert_has_a_test_that_fires():
    fired = set()
    for path in TESTS:
        for case in re.split(r"^ *- (?=alertname|\{alertname)", path.read_text(), flags=re.M)[1:]:
            if "exp_alerts:" in case:
                fired.add(re.match(r"alertname: (\w+)", case).group(1))
    assert fired == set(alerts())


def test_each_alert_has_its_section_of_the_runbook():
    sections = re.findall(r"^## (Weir\w+)$", (ROOT / "docs/runbook.md").read_text(), flags=re.M)
    assert sorted(sections) == sorted(alerts())
    for name, rule in alerts().items():
        assert f"runbook: docs/runbook.md#{name.lower()}\n" in rule
        assert re.search(r"severity: (critical|warning)\b", rule)
