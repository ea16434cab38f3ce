"""docs/options.md is what the program under test says about its options."""

import os
import subprocess

import pytest

from harness.cluster import ROOT
from harness.pooler import KIND, program

pytestmark = pytest.mark.skipif(KIND != "weir", reason="a command of Weir")


def test_options_page_is_up_to_date():
    printed = subprocess.run([program(), "options", "--markdown"], capture_output=True, text=True,
                             timeout=30, check=True).stdout
    with open(os.path.join(ROOT, "docs", "options.md"), encoding="utf-8") as page:
        assert page.read() == printed, "run: build/weir options --markdown > docs/options.md"
