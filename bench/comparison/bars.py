"""The marks that Weir has to reach, and how a result is held against them."""

from dataclasses import dataclass
from statistics import median

from .scenarios import MODES
from .subjects import PGBOUNCER, RELAY, WEIR, WEIR_2


@dataclass(frozen=True)
class Bar:
    what: str
    scenario: str
    figure: str
    most: float
    subject: str = WEIR
    against: str = None  # None: `most` is the figure itself, not a ratio


def _bars():
    for mode in MODES:
        yield Bar(f"CPU per transaction, 64 clients, {mode}", f"saturated-{mode}", "cpu_us", 0.75,
                  against=PGBOUNCER)
        yield Bar(f"CPU per transaction, 64 clients, {mode}", f"saturated-{mode}", "cpu_us", 1.25,
                  against=RELAY)
    for mode in MODES:
        yield Bar(f"CPU per transaction, 500 clients, {mode}", f"many-{mode}", "cpu_us", 0.75,
                  against=PGBOUNCER)
    for clients in (8, 64):
        yield Bar(f"CPU per statement, pipelines of 100, {clients} clients", f"pipeline-{clients}",
                  "cpu_us", 0.15, against=PGBOUNCER)
    for mode in MODES:
        yield Bar(f"system calls per transaction, {mode}", f"saturated-{mode}", "system_calls", 4.5)
    for mode in MODES:
        # What a second's housekeeping allocates is not a transaction's.
        yield Bar(f"allocations per transaction, {mode}", f"allocations-{mode}", "allocations",
                  0.001)
    for name in ("idle", "idle-after-use"):
        yield Bar(f"bytes per client, {name}", name, "bytes_per_client", 1024)
    for kind in ("result", "copy-out", "copy-in"):
        for row in ("1MB", "100B"):
            yield Bar(f"CPU per GB, {kind}, {row} rows", f"bulk-{kind}-{row}",
                      "cpu_s_per_gb", 0.5, against=PGBOUNCER)
    for mode in MODES:
        yield Bar(f"CPU per transaction, 2 workers, {mode}", f"workers-{mode}", "cpu_us", 1.1,
                  subject=WEIR_2, against=WEIR)
    for name in ("simple", "prepared", "postgres"):
        yield Bar(f"p99, 1,000 clients, {name}", f"latency-{name}", "p99", 1.0, against=PGBOUNCER)


BARS = tuple(_bars())


def middle(results, scenario, subject, figure):
    """The median over the rounds, or None."""
    rounds = results.get(scenario, {}).get(subject, [])
    values = [r[figure] for r in rounds if figure in r]
    return median(values) if values else None


def ratio(results, scenario, figure, subject, against):
    """The median of the rounds' own ratios: what disturbs one round disturbs both subjects."""
    ours = results.get(scenario, {}).get(subject, [])
    theirs = results.get(scenario, {}).get(against, [])
    ratios = [a[figure] / b[figure] for a, b in zip(ours, theirs)
              if a.get(figure) is not None and b.get(figure)]
    return median(ratios) if ratios else None


def judge(results):
    """Every bar with its value: None when it was not measured."""
    for bar in BARS:
        if bar.against:
            value = ratio(results, bar.scenario, bar.figure, bar.subject, bar.against)
        else:
            value = middle(results, bar.scenario, bar.subject, bar.figure)
        yield bar, value
