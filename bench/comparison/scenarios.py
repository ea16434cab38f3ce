"""What is measured, as one table. A scenario is a load on a setup; a group is what --only names."""

from dataclasses import dataclass, field

from .subjects import (DIRECT, PGBOUNCER, POOLERS, RELAY, SCRAM_PASSWORD, SCRAM_USER, SUBJECTS,
                       WEIR, WEIR_2, Setup)

MODES = ("simple", "extended", "prepared")
ACCOUNT = "SELECT abalance FROM pgbench_accounts WHERE aid = $1"
ACCOUNTS_A_SCALE = 100_000


@dataclass(frozen=True)
class Scenario:
    name: str
    group: str
    setup: Setup
    load: tuple                  # arguments of the load generator
    subjects: tuple = SUBJECTS
    unit: str = "transaction"    # what the CPU time is divided by: transaction, statement or GB
    count_calls: bool = False    # a further, short round with the kernel's counters
    timed: bool = True           # False: the load's own arguments bound it
    idle_clients: int = 0        # not 0: memory per idle client is measured instead
    rounds_max: int = 99


def _ask(clients, mode, *more):
    return ("--clients", str(clients), "--mode", mode, *more)


def _saturated(_):
    for mode in MODES:
        yield Scenario(f"saturated-{mode}", "saturated", Setup("instant"), _ask(64, mode),
                       count_calls=True)


def _many(_):
    for mode in MODES:
        yield Scenario(f"many-{mode}", "many", Setup("instant"), _ask(500, mode), count_calls=True)


def _pipeline(_):
    for clients in (8, 64):
        yield Scenario(f"pipeline-{clients}", "pipeline", Setup("instant"),
                       _ask(clients, "prepared", "--depth", "100"), unit="statement")


def _latency(_):
    for mode in ("simple", "prepared"):
        yield Scenario(f"latency-{mode}", "latency", Setup("instant"), _ask(1000, mode),
                       subjects=POOLERS)
    yield Scenario("latency-postgres", "latency", Setup("postgres"), _ask(1000, "prepared"),
                   subjects=POOLERS)


def _allocations(_):
    for mode in MODES:
        yield Scenario(f"allocations-{mode}", "allocations",
                       Setup("instant", count_allocations=True), _ask(64, mode),
                       subjects=(PGBOUNCER, WEIR), rounds_max=1)


def _idle(options):
    for name, more in (("idle", ()), ("idle-after-use", ("--touch",))):
        yield Scenario(name, "idle", Setup("instant"), more, subjects=POOLERS,
                       idle_clients=options.idle_clients, rounds_max=1)


def _bulk(options):
    size = int(options.gigabytes * 1e9)
    for label, row in (("1MB", 1_000_000), ("100B", 100)):
        once = ("--transactions", "1", "--statement")
        rows = size // row
        copy = ("--copy-bytes", str(size), "--copy-row", str(row))
        for server, result, out, into in (
                ("instant", f"rows {rows} {row}", f"copyout {rows} {row}", "COPY sink FROM STDIN"),
                ("postgres", f"SELECT repeat('x', {row}) FROM generate_series(1, {rows})",
                 f"COPY (SELECT repeat('x', {row}) FROM generate_series(1, {rows})) TO STDOUT",
                 "COPY sink FROM STDIN WHERE false")):
            group = "bulk" if server == "instant" else "bulk-postgres"
            for kind, load in (("result", (*once, result)), ("copy-out", (*once, out)),
                               ("copy-in", (*once, into, *copy))):
                yield Scenario(f"{group}-{kind}-{label}", group, Setup(server), load, unit="GB",
                               timed=False, subjects=(DIRECT, RELAY, PGBOUNCER, WEIR), rounds_max=3)


def _connect(_):
    load = ("--reconnect", "--clients", "8", "--user", SCRAM_USER, "--password", SCRAM_PASSWORD)
    yield Scenario("connect-scram", "connect", Setup("postgres", scram=True), load,
                   unit="connection")


def _workers(_):
    for mode in MODES:
        yield Scenario(f"workers-{mode}", "workers", Setup("instant"), _ask(64, mode),
                       subjects=(PGBOUNCER, WEIR, WEIR_2), count_calls=True)


def _matrix(options):
    accounts = str(ACCOUNTS_A_SCALE * options.scale)
    statements = (("select1", ()), ("pgbench-S", ("--statement", ACCOUNT, "--random", accounts)))
    for server in ("instant", "postgres"):
        for label, statement in statements:
            for mode in MODES:
                for clients in (1, 8, 64, 500):
                    yield Scenario(f"matrix-{server}-{label}-{mode}-{clients}", "matrix",
                                   Setup(server), _ask(clients, mode, *statement))


GROUPS = {"saturated": _saturated, "many": _many, "pipeline": _pipeline, "workers": _workers,
          "latency": _latency, "allocations": _allocations, "idle": _idle, "bulk": _bulk,
          "connect": _connect, "bulk-postgres": _bulk, "matrix": _matrix}
# What the bars need: the rest is asked for by name or by --all.
BAR_GROUPS = ("saturated", "many", "pipeline", "workers", "latency", "allocations", "idle", "bulk",
              "connect")


def chosen(groups, options):
    """The scenarios of these groups, those of one setup next to each other."""
    found = [s for group in groups for s in GROUPS[group](options) if s.group == group]
    setups = list(dict.fromkeys(s.setup for s in found))
    return sorted(found, key=lambda s: setups.index(s.setup))
