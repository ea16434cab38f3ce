"""JDBC: PostgreSQL's driver, as Debian packages it, with one Java program."""

import os

import pytest

from .driver import FOLDER, build, need

JAR = "/usr/share/java/postgresql.jar"


@pytest.fixture(scope="session")
def classes(tmp_path_factory):
    need("java", "javac")
    if not os.path.exists(JAR):
        pytest.skip("libpostgresql-jdbc-java is not installed")
    folder = str(tmp_path_factory.mktemp("classes"))
    build("javac", "-cp", JAR, "-d", folder, os.path.join(FOLDER, "jdbc", "Program.java"))
    return folder


@pytest.mark.parametrize("case", [
    "work", "prepared", "batches", "rewritten", "autosave", "fetch_size", "cancel", "copy",
    pytest.param("stale", marks=pytest.mark.pgbouncer_differs("a statement stays stale")),
    pytest.param("settings", marks=pytest.mark.pgbouncer_differs("startup options are lost"))])
def test_jdbc(driver, classes, case):
    driver.check("java", "-XX:TieredStopAtLevel=1", "-Duser.timezone=Asia/Tokyo",
                 "-cp", f"{classes}:{JAR}", "Program", case)
