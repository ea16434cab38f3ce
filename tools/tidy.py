#!/usr/bin/env python3
"""The ratchet of the code's style: sizes, layers, forbidden tokens, dead files, documentation.

tidy.py            one line a finding; exit status 1 on any that tools/tidy.baseline does not excuse
tidy.py --full     also compiles every header alone
tidy.py --shrink   rewrites the baseline with what is left of it; it never grows
"""

import sys
from pathlib import Path

from tidy_checks import baseline, layers, leftovers, sizes
from tidy_checks.tree import Tree

CHECKS = [
    sizes.check_files,
    sizes.check_cpp_functions,
    sizes.check_python_functions,
    layers.check_includes,
    layers.check_tokens,
    leftovers.check_unused_headers,
    leftovers.check_unlinked_pages,
    leftovers.check_documented_options,
    leftovers.check_machine_names,
]


def main(arguments):
    unknown = set(arguments) - {"--full", "--shrink"}
    if unknown:
        print(__doc__, file=sys.stderr)
        return 2
    project = Tree(Path(__file__).resolve().parent.parent)
    checks = CHECKS + ([layers.check_headers_compile] if "--full" in arguments else [])
    findings = [finding for check in checks for finding in check(project)]
    if "--shrink" in arguments:
        baseline.shrink(project, findings)
    news = baseline.unexcused(project, findings)
    for line in news:
        print(line)
    return 1 if news else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
