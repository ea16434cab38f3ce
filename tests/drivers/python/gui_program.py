"""What pgAdmin and DBeaver ask at their start, by psycopg 3: several at once on few servers, simple
and prepared, and each keeps the settings that it has made."""

import os

import psycopg

from checks import equal, main, together

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "gui")
SETTINGS = {"pgadmin": {"bytea_output": "hex", "client_min_messages": "notice",
                        "datestyle": "ISO, MDY"},
            "dbeaver": {"extra_float_digits": "3", "search_path": "public, pg_catalog",
                        "application_name": "DBeaver - Main"}}
OTHERS = {"bytea_output": "escape", "client_min_messages": "error", "extra_float_digits": "0",
          "search_path": "pg_catalog"}
CLIENTS = 6


def statements(name):
    with open(os.path.join(FOLDER, f"{name}.sql"), encoding="utf-8") as file:
        text = "".join(line for line in file if not line.startswith("--"))
    return [statement.strip() for statement in text.split(";\n") if statement.strip()]


def start(name, who):
    with psycopg.connect("", autocommit=True) as connection:
        for setting, value in OTHERS.items():
            connection.execute(f"SET {setting} = {value}")
        for statement in statements(name):
            connection.execute(statement, prepare=who % 2 == 0)
        for setting, value in SETTINGS[name].items():
            equal(connection.execute(f"SHOW {setting}").fetchone(), (value,), setting)


def gui(name):
    return lambda: together(CLIENTS, lambda who: start(name, who))


main({name: gui(name) for name in SETTINGS})
