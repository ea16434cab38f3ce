"""The syntax of pgbouncer.ini: what is understood, and what is said of what is not."""

import os

import pytest

from harness.pooler import KIND
from harness.waiting import until


def write(pooler, main="", more="", name="pool.ini"):
    """Lines for [pgbouncer], and a text behind everything."""
    with open(pooler.ini, encoding="utf-8") as file:
        text = file.read()
    return pooler.directory.write(name, text.replace("[pgbouncer]\n", f"[pgbouncer]\n{main}\n")
                                  + more)


@pytest.fixture
def reloaded(make_pooler):
    """The console of a pooler that has read these lines with RELOAD."""
    pooler = make_pooler()

    def reload(main="", more=""):
        write(pooler, main, more)
        console = pooler.console()
        console.do("RELOAD")
        return console

    reload.pooler = pooler
    return reload


@pytest.mark.parametrize("lines, key, value", [
    ("query_timeout=5", "query_timeout", "5"),
    ("  query_timeout   =   5  ", "query_timeout", "5"),
    ("\tquery_timeout\t=\t5\t", "query_timeout", "5"),
    ("query_timeout = 2.5", "query_timeout", "2.5"),
    ("query_timeout = 4\nquery_timeout = 5", "query_timeout", "5"),
    ("; query_timeout = 4\n # query_timeout = 4\n\n", "query_timeout", "0"),
    ("max_user_connections = 0x20", "max_user_connections", "32"),
    ("max_user_connections = 0100", "max_user_connections", "64"),
    ("max_prepared_statements = 0", "max_prepared_statements", "0"),
    ("server_round_robin = 1", "server_round_robin", "1"),
    ("server_tls_sslmode = ALLOW", "server_tls_sslmode", "allow"),
    ("server_check_query = select 1; -- # ; all of it", "server_check_query",
     "select 1; -- # ; all of it"),
    ("login_notify_message = 'in quotes'", "login_notify_message", "'in quotes'"),
    ("login_notify_message =", "login_notify_message", ""),
    ("auth_user = somebody", "auth_user", "somebody")])
def test_lines_of_the_main_section(reloaded, lines, key, value):
    with reloaded(lines) as console:
        assert console.config(key) == value


@pytest.mark.parametrize("lines", [
    "query_timeout = 5s", "query_timeout = -1", "max_client_conn = 5 ; comment",
    "max_client_conn = '5'", "max_client_conn = many", "server_round_robin = on",
    "server_round_robin = yes", "pool_mode = sometimes", "no_such_key = 5", "Query_timeout = 5",
    "query_timeout", "$key = 5", "%include /nowhere/at/all.ini", "auth_type = gss",
    "max_client_conn = 5 5"])
def test_lines_that_are_refused(make_pooler, lines):
    pooler = make_pooler()
    write(pooler, lines)
    with pooler.console() as console:
        error = console.run("RELOAD").error
        assert (error["C"], error["M"]) == (
            "F0000", "RELOAD failed, see logs for additional details")
        assert KIND == "pgbouncer" or pooler.connect().alive()


@pytest.mark.parametrize("entry", [
    "x = host=127.0.0.1 no_such_key=1", "x = password=''", "x = host=", "x = host=127.0.0.1 port",
    "x = host=127.0.0.1 port=many", "x = pool_mode=sometimes", "x = load_balance_hosts=perhaps",
    "x = pool_size='5", "a b = host=127.0.0.1"])
def test_entries_that_are_refused(make_pooler, entry):
    pooler = make_pooler()
    write(pooler, more=f"[databases]\n{entry}\n")
    with pooler.console() as console:
        assert console.run("RELOAD").error["C"] == "F0000"


@pytest.mark.parametrize("section", [
    "[users]\nbob = no_such_key=1\n", "[users]\nbob = pool_mode=x\n",
    "[peers]\n1 = no_such_key=1\n", "[peers]\nx = host=h\n", "[nosuch]\nx = 1\n"])
def test_other_sections_that_are_refused(make_pooler, section):
    pooler = make_pooler()
    write(pooler, more=section)
    with pooler.console() as console:
        assert console.run("RELOAD").error["C"] == "F0000"


def test_names_and_values_of_databases(reloaded):
    """Odd names in quotes, values in quotes, two quotes for one, spaces around the sign."""
    server = reloaded.pooler.entry()
    with reloaded(more="[databases]\n"
                  f"'My Db' = {server}\n"
                  f"a.b-c*d_1 = {server}\n"
                  f"spaced = {server} pool_size = 7   min_pool_size= 3\n"
                  f"quoted = {server} user='o''brien' pool_size='6'\n"
                  f"app = {server}\nplain =\n") as console:
        rows = {row["name"]: row for row in console.show("DATABASES")}
        assert {"My Db", "a.b-c*d_1", "spaced", "quoted", "plain"} <= set(rows)
        assert (rows["spaced"]["pool_size"], rows["spaced"]["min_pool_size"]) == ("7", "3")
        assert (rows["quoted"]["force_user"], rows["quoted"]["pool_size"]) == ("o'brien", "6")
        assert (rows["plain"]["host"], rows["plain"]["port"], rows["plain"]["database"]) == (
            None, "5432", "plain")
        with reloaded.pooler.connect(database="My Db") as client:
            assert client.alive()


def test_included_files(reloaded):
    """They count from where the process runs, and may include others."""
    pooler = reloaded.pooler
    pooler.directory.write("inner.ini", "query_timeout = 7\n")
    pooler.directory.write("outer.ini", "idle_transaction_timeout = 8\n%include inner.ini\n")
    with reloaded("%include outer.ini") as console:
        assert console.config("query_timeout") == "7"
        assert console.config("idle_transaction_timeout") == "8"


def test_a_file_that_includes_itself(make_pooler):
    pooler = make_pooler()
    write(pooler, "%include pool.ini")
    with pooler.console() as console:
        assert console.run("RELOAD").error["C"] == "F0000"


def test_a_second_main_section_resets(reloaded):
    pooler = reloaded.pooler
    again = open(pooler.ini, encoding="utf-8").read()
    main = again[again.index("[pgbouncer]\n"):].split("\n[")[0]
    with reloaded("query_timeout = 9\nauth_user = somebody", more=main + "\n") as console:
        assert console.config("query_timeout") == "0"
        assert console.config("auth_user") == "somebody"


def start_again(pooler, text):
    """Starts it with another file, whose end is the test's to judge."""
    pooler.signal("QUIT")
    assert pooler.wait() == 0
    pooler.directory.write("pool.ini", text)
    size = len(pooler.log())
    pooler.start(wait=False)
    return size


@pytest.mark.parametrize("main, said", [
    ("foo = 5", ["unknown parameter: pgbouncer/foo",
                 "pool.ini:"]),
    ("max_client_conn = lots",
     ['invalid value "lots" for parameter max_client_conn in configuration (', "pool.ini:"]),
    ("%include nowhere.ini", ["nowhere.ini"]),
    ("no equals sign", ["pool.ini:"])])
def test_what_is_said_at_the_start(make_pooler, main, said):
    pooler = make_pooler()
    text = open(write(pooler, main), encoding="utf-8").read()
    size = start_again(pooler, text)
    assert pooler.wait() == 1
    pooler.process.returncode = 0
    log = pooler.log()[size:]
    for words in [*said, "cannot load config file"]:
        assert words in log, log


def test_without_the_main_section(make_pooler):
    pooler = make_pooler()
    size = start_again(pooler, "[databases]\napp = host=127.0.0.1\n")
    assert pooler.wait() == 1
    pooler.process.returncode = 0
    assert "main section missing from config file" in pooler.log()[size:]


def test_missing_files_of_users_are_only_logged(make_pooler):
    pooler = make_pooler(settings={"auth_file": "/nowhere/users.txt"}, wait=False)
    until(lambda: "process up" in pooler.log(), what="it is up")
    assert "/nowhere/users.txt" in pooler.log()
    assert os.path.exists(pooler.socket)
