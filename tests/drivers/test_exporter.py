"""Debian's prometheus-pgbouncer-exporter, unchanged. PGBOUNCER_EXPORTER may name the folder of an
unpacked package's Python modules."""

import os
import subprocess

import pytest

from .driver import CONSOLE_PASSWORD, FOLDER
from .test_python import PYTHON


def test_exporter(driver):
    more = {"PYTHONPATH": os.environ.get("PGBOUNCER_EXPORTER", "")}
    there = subprocess.run([PYTHON, "-c", "import prometheus_pgbouncer_exporter.collectors"],
                           capture_output=True, env={**os.environ, **more})
    if there.returncode != 0:
        pytest.skip("no prometheus-pgbouncer-exporter here (tools/exporter)")
    driver.login = {"PGUSER": "console", "PGDATABASE": "pgbouncer", "PGPASSWORD": CONSOLE_PASSWORD}
    driver.check(PYTHON, os.path.join(FOLDER, "python", "exporter_program.py"), "collect",
                 more=more)
