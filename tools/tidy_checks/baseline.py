"""Known excesses: `value rule path[:symbol]`, a line each. The file may only shrink."""

import subprocess

from .tree import Finding

BASELINE = "tools/tidy.baseline"


def unexcused(tree, findings):
    """The findings that count: worse than the baseline, or the baseline itself grown or stale."""
    known = _parse(_read(tree))
    worst = _worst(findings)
    counted = [f for f in findings if f.value > known.get(f.place, 0)]
    for place, value in known.items():
        if worst.get(place, 0) < value:
            text = f"{place} is down to {worst.get(place, 0)}; run tools/tidy.py --shrink"
            counted.append(Finding("baseline", BASELINE, 1, text, symbol=place))
    return counted + list(_growth(tree, known))


def shrink(tree, findings):
    known = _parse(_read(tree))
    worst = _worst(findings)
    left = {place: min(value, worst[place]) for place, value in known.items() if place in worst}
    (tree.root / BASELINE).write_text("".join(f"{v} {p}\n" for p, v in sorted(left.items())))


def _worst(findings):
    worst = {}
    for finding in findings:
        worst[finding.place] = max(worst.get(finding.place, 0), finding.value)
    return worst


def _growth(tree, known):
    """Against the last commit, where it had a baseline."""
    shown = subprocess.run(["git", "-C", str(tree.root), "show", f"HEAD:{BASELINE}"],
                           capture_output=True, text=True)
    if shown.returncode != 0:
        return
    before = _parse(shown.stdout)
    for place, value in known.items():
        if value > before.get(place, 0):
            yield Finding("baseline", BASELINE, 1, f"{place} grew to {value}: it may only shrink",
                          symbol=place)


def _read(tree):
    path = tree.root / BASELINE
    return path.read_text() if path.exists() else ""


def _parse(text):
    pairs = (line.split(" ", 1) for line in text.splitlines() if line.strip())
    return {place: int(value) for value, place in pairs}
