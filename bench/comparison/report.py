"""Results as JSON and as a page to read."""

import json
import os
import platform
import subprocess

from .bars import judge, middle, ratio
from .subjects import PGBOUNCER, RELAY, SUBJECTS

COLUMNS = (("tps", "per second", "{:,.0f}"), ("p50", "p50 us", "{:,.0f}"),
           ("p99", "p99 us", "{:,.0f}"), ("p99.9", "p99.9 us", "{:,.0f}"),
           ("gb_per_second", "GB/s", "{:.2f}"), ("cpu_s_per_gb", "CPU s/GB", "{:.2f}"),
           ("cpu_us", "CPU us", "{:,.2f}"), ("system_calls", "calls", "{:.2f}"),
           ("instructions", "instructions", "{:,.0f}"), ("allocations", "allocations", "{:.4f}"),
           ("bytes_per_client", "bytes/client", "{:,.0f}"))


def machine(programs):
    """What the figures were taken on, and with which versions."""
    with open("/proc/cpuinfo", encoding="utf-8") as text:
        models = [line.split(":", 1)[1].strip() for line in text if line.startswith("model name")]
    return {"processor": models[0] if models else platform.machine(), "cores": os.cpu_count(),
            "kernel": platform.release(),
            "pgbouncer": _version(programs.pgbouncer),
            "postgres": _version(os.path.join(programs.pg_bin, "postgres")),
            "weir": _version(programs.weir)}


def _version(program):
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=5)
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = done.stdout.splitlines()
    return lines[0] if lines else None


def _cell(pattern, value):
    return "" if value is None else pattern.format(value)


def _table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def bar_table(results):
    rows = []
    for bar, value in judge(results):
        if value is None:
            continue
        limit = f"{bar.most:g}" + (f" of {bar.against}" if bar.against else "")
        rows.append([bar.what, bar.subject, f"{value:.3g}", limit,
                     "yes" if value <= bar.most else "**no**"])
    if not rows:
        return "No bar was measured: they all need Weir."
    return _table(["bar", "subject", "measured", "at most", "holds"], rows)


def _cost_ratio(results, scenario, subject, against):
    for figure in ("cpu_us", "cpu_s_per_gb", "bytes_per_client"):
        value = ratio(results, scenario, figure, subject, against)
        if value is not None:
            return value
    return None


def _scenario_rows(results, scenario, columns):
    for subject in SUBJECTS:
        if subject not in results[scenario]:
            continue
        row = [scenario, subject]
        for figure, _, pattern in columns:
            row.append(_cell(pattern, middle(results, scenario, subject, figure)))
        for against in (PGBOUNCER, RELAY):
            same = subject == against
            value = None if same else _cost_ratio(results, scenario, subject, against)
            row.append(_cell("{:.2f}", value))
        yield row


def figure_table(results):
    present = {f for by in results.values() for rounds in by.values() for r in rounds for f in r}
    columns = [c for c in COLUMNS if c[0] in present]
    head = ["scenario", "subject", *(title for _, title, _ in columns), "cost / PgBouncer",
            "cost / relay"]
    rows = [row for scenario in results for row in _scenario_rows(results, scenario, columns)]
    return _table(head, rows)


def page(document):
    about = "\n".join(f"- {key}: {value}" for key, value in document["about"].items() if value)
    notes = "\n".join(f"- {note}" for note in document["notes"])
    return "\n\n".join(part for part in (
        f"# {document['name']}, {document['date']}", about, notes, "## Bars",
        bar_table(document["results"]), "## Figures",
        "Medians over the rounds; ratios are medians of the rounds' own ratios. CPU, calls and "
        "allocations are the subject's, per transaction (pipelines: per statement; connect: per "
        "connection). README.md says what each figure means.",
        figure_table(document["results"])) if part) + "\n"


def save(document, folder):
    """Writes both files and returns their common path."""
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, f"{document['date']}-{document['name']}")
    with open(path + ".json", "w", encoding="utf-8") as out:
        json.dump(document, out, indent=1)
        out.write("\n")
    with open(path + ".md", "w", encoding="utf-8") as out:
        out.write(page(document))
    return path
