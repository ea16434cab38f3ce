#!/usr/bin/env python3
"""A long mixed load with clients killed and servers terminated at random.

    tests/soak.py [MINUTES]

Every row carries the marker of the client that asked; each client's settings are looked at as it
goes. At the end nothing may have leaked: memory, descriptors, server connections. Ends with one
line of figures; exit status 1 when a row was wrong or something was left behind.
"""

import collections
import random
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from harness import frontend as fe  # noqa: E402
from harness.cluster import Cluster  # noqa: E402
from harness.pooler import Pooler  # noqa: E402
from harness.wire import Closed, Refused, Silence  # noqa: E402

CLIENTS, SERVERS = 40, 8
BROKEN = (Closed, Refused, OSError)


class Wrong(Exception):
    """An answer that belongs to somebody else, or to nobody."""


class Client(threading.Thread):
    def __init__(self, pooler, number, until, counts):
        super().__init__(daemon=True)
        self.pooler, self.until, self.counts = pooler, until, counts
        self.random, self.marker = random.Random(number), f"client-{number}"
        self.wrong = None

    def run(self):
        while time.monotonic() < self.until and not self.wrong:
            try:
                self.visit()
            except BROKEN:
                self.counts["broken"] += 1
                time.sleep(0.05)
            except (Wrong, Silence) as wrong:
                self.wrong = f"{self.marker}: {wrong}"

    def visit(self):
        timeout = self.random.randrange(10_000, 60_000)
        connection = self.pooler.connect(
            parameters={"statement_timeout": str(timeout)}, timeout=60)
        self.prepared = False
        try:
            for _ in range(self.random.randrange(1, 60)):
                if time.monotonic() >= self.until:
                    break
                step = self.random.choice([self.simple, self.extended, self.named, self.transaction,
                                           self.copy, self.setting, self.large, self.failing])
                step(connection, timeout)
                self.counts["steps"] += 1
            if self.random.random() < 0.3:
                self.leave_in_the_middle(connection)
                return
        finally:
            connection.close()

    def leave_in_the_middle(self, connection):
        self.counts["left in the middle"] += 1
        connection.send(self.random.choice([
            fe.query("SELECT pg_sleep(0.2)"), fe.query("BEGIN; SELECT 1"),
            fe.query("SELECT repeat('Z', 300000)"), fe.parse("", "SELECT 1"),
            fe.query(f"SELECT '{self.marker}'")[:self.random.randrange(1, 12)]]))
        connection.abandon(reset=self.random.random() < 0.5)

    def expect(self, got, wanted):
        if got != wanted:
            raise Wrong(f"{got!r:.200} instead of {wanted!r:.200}")

    def done(self, reply):
        if reply.errors:
            fields = reply.errors[-1]
            if fields["S"] == "FATAL" or reply.closed:
                raise OSError(fields["M"])
            raise Wrong(fields["M"])

    def value(self, reply):
        self.done(reply)
        return reply.value

    def simple(self, connection, _):
        mark = f"{self.marker}-{self.random.random()}"
        self.expect(self.value(connection.query(f"SELECT '{mark}'")), mark)

    def extended(self, connection, _):
        mark = f"{self.marker}-{self.random.random()}"
        reply = connection.exchange(
            fe.parse("", "SELECT $1::text"), fe.bound("", [mark]), fe.sync())
        self.expect(self.value(reply), mark)

    def named(self, connection, _):
        if not self.prepared:
            connection.exchange(fe.parse("s", "SELECT $1::text || '!'"), fe.sync())
            self.prepared = True
        mark = f"{self.marker}-{self.random.random()}"
        reply = connection.exchange(fe.bound("s", [mark]), fe.sync())
        self.expect(self.value(reply), mark + "!")

    def transaction(self, connection, _):
        self.done(connection.query("BEGIN"))
        first = self.value(connection.query("SELECT pg_backend_pid()"))
        time.sleep(self.random.random() / 200)
        self.expect(self.value(connection.query("SELECT pg_backend_pid()")), first)
        self.done(connection.query(self.random.choice(["COMMIT", "ROLLBACK"])))

    def copy(self, connection, _):
        reply = connection.query(
            f"COPY (SELECT '{self.marker}' FROM generate_series(1, 50)) TO STDOUT")
        lines = [m.body for m in reply if m.kind == "d"]
        if not reply.errors:
            self.expect(lines, [self.marker.encode() + b"\n"] * 50)

    def setting(self, connection, timeout):
        mark = f"{self.marker}-{self.random.random()}"
        self.done(connection.query(f"SET application_name = '{mark}'"))
        name = connection.query("SELECT current_setting('application_name')")
        self.expect(self.value(name), mark)
        self.expect(self.value(connection.query(
            "SELECT setting FROM pg_settings WHERE name = 'statement_timeout'")), str(timeout))

    def large(self, connection, _):
        size = self.random.randrange(100_000)
        self.expect(self.value(connection.query(
            f"SELECT '{self.marker}' || repeat('Z', {size})")), self.marker + "Z" * size)

    def failing(self, connection, _):
        reply = connection.query("SELECT 1/0")
        if reply.errors[-1]["S"] == "FATAL":
            raise OSError(reply.errors[-1]["M"])
        self.expect(reply.sqlstate, "22012")


def terminate_at_random(cluster, until, counts):
    chance = random.Random(0)
    while time.monotonic() < until:
        time.sleep(chance.uniform(0.2, 1.5))
        counts["servers terminated"] += int(cluster.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = 'app' "
            f"AND usename = 'alice' AND random() < {chance.choice([0.1, 0.5])}").value)


def at_rest(pooler, cluster):
    """What is left once everybody has gone, after a moment to settle."""
    time.sleep(12)
    with pooler.console() as console:
        pool = console.pool()
    servers = sum(int(pool[key]) for key in pool if key.startswith("sv_"))
    return {"pool": pool, "servers": servers, "backends": len(cluster.backends("datname = 'app'")),
            "descriptors": len(list(Path(f"/proc/{pooler.pid}/fd").iterdir())),
            "kB": pooler.resident_kb()}


def run(minutes):
    cluster = Cluster()
    cluster.create()
    pooler = Pooler(cluster).configure(
        settings={"max_client_conn": 1000, "server_login_retry": 1, "query_wait_timeout": 60},
        databases={"app": {"pool_size": SERVERS}}).start()
    try:
        counts = collections.Counter()
        load(pooler, cluster, 0.2, counts)
        before = at_rest(pooler, cluster)
        wrong = load(pooler, cluster, minutes, counts)
        after = at_rest(pooler, cluster)
        wrong += leaks(before, after)
        pooler.finish()
        print(f"soak of {minutes} minutes: {dict(counts)}, before {before['kB']} kB and "
              f"{before['descriptors']} descriptors, after {after['kB']} kB and "
              f"{after['descriptors']}, {len(wrong)} faults")
        print("\n".join(wrong))
        return 1 if wrong else 0
    finally:
        cluster.destroy()


def load(pooler, cluster, minutes, counts):
    until = time.monotonic() + minutes * 60
    clients = [Client(pooler, number, until, counts) for number in range(CLIENTS)]
    killer = threading.Thread(target=terminate_at_random, args=(cluster, until, counts))
    for thread in [*clients, killer]:
        thread.start()
    for thread in [*clients, killer]:
        thread.join(minutes * 60 + 120)
    return [client.wrong for client in clients if client.wrong]


def leaks(before, after):
    found = []
    if after["servers"] > SERVERS or after["backends"] > SERVERS:
        found.append(f"server connections: {after['servers']} and {after['backends']} backends")
    busy = {key: value for key, value in after["pool"].items()
            if key in ("cl_active", "cl_waiting", "sv_active", "sv_tested", "sv_login",
                       "sv_being_canceled", "sv_active_cancel") and int(value)}
    if busy:
        found.append(f"not at rest: {busy}")
    if after["descriptors"] > before["descriptors"] + SERVERS:
        found.append(f"descriptors: {before['descriptors']} before, {after['descriptors']} after")
    if after["kB"] > before["kB"] * 1.2 + 4000:
        found.append(f"memory: {before['kB']} kB before, {after['kB']} kB after")
    return found


if __name__ == "__main__":
    sys.exit(run(float(sys.argv[1]) if len(sys.argv) > 1 else 30))
