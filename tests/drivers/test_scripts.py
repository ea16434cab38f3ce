"""PHP (PDO and pgsql), Perl (DBD::Pg) and Ruby (pg), as Debian packages them."""

import os
import subprocess

import pytest

from .driver import FOLDER, need

LOST = "startup options are lost"
# Since libpq 17 drivers can close statements by the protocol instead.
DEALLOCATE = "DEALLOCATE of a name that the protocol made is not translated"


def differs(case, reason, strict=True):
    return pytest.param(case, marks=pytest.mark.pgbouncer_differs(reason, strict=strict))


def run(driver, case, program, package, has_driver):
    """Runs one case, unless has_driver, arguments of the language, ends with an error."""
    language = program.split("/")[0]
    need(language)
    if subprocess.run([language, *has_driver], capture_output=True).returncode != 0:
        pytest.skip(f"{package} is not installed")
    driver.check(language, os.path.join(FOLDER, program), case)


@pytest.mark.parametrize("case", [
    "prepared", "emulated", "copies", "large_objects", "extension",
    differs("work", DEALLOCATE, strict=False), differs("freed", DEALLOCATE, strict=False),
    differs("settings", LOST)])
def test_php(driver, case):
    there = ["-r", "exit(extension_loaded('pdo_pgsql') ? 0 : 1);"]
    run(driver, case, "php/program.php", "php-pgsql", there)


@pytest.mark.parametrize("case", [
    "work", "prepared", "copy", "large_objects", "asynchronous", "cancel",
    differs("settings", LOST)])
def test_perl(driver, case):
    run(driver, case, "perl/program.pl", "libdbd-pg-perl", ["-MDBD::Pg", "-e", "1"])


@pytest.mark.parametrize("case", [
    "work", "prepared", "pipelines", "copy", "streams", "cancel",
    differs("names", "a wrong name ends the connection"),
    differs("unnamed", "the unnamed statement does not live beyond its Sync"),
    differs("deallocate", DEALLOCATE), differs("settings", LOST)])
def test_ruby(driver, case):
    run(driver, case, "ruby/program.rb", "ruby-pg", ["-r", "pg", "-e", ""])
