"""The start of pgAdmin and of DBeaver, statement by statement, in transaction mode."""

import os

import pytest

from . import test_node
from .driver import FOLDER
from .test_python import PYTHON

pytestmark = [
    pytest.mark.parametrize("gui", ["pgadmin", "dbeaver"]),
    pytest.mark.pgbouncer_differs("settings that the server does not report leak", strict=False)]


def test_by_psycopg(driver, gui):
    pytest.importorskip("psycopg")
    driver.check(PYTHON, os.path.join(FOLDER, "python", "gui_program.py"), gui)


def test_by_node_postgres(driver, gui):
    test_node.run(driver, "gui.mjs", gui)
