#!/usr/bin/env python3
"""Writes src/auth/unicode_tables.cc from Python's Unicode data.

SASLprep admits only characters of Unicode 3.2, so the tables stop there. Normalization of these
characters is frozen, so any newer Python writes the same file.
Usage: tools/unicode_tables.py > src/auth/unicode_tables.cc
"""
import stringprep
import unicodedata
from unicodedata import ucd_3_2_0 as old

CODES = [c for c in range(0x110000) if not 0xAC00 <= c <= 0xD7A3]
RUN_UP, RUN_FLAT = 0, 31  # as `length` in unicode_tables.h
ANCHOR_STEP = 16  # kAnchorStep there


def ranges(test):
    """The inclusive ranges of code points that pass the test."""
    out = []
    for code in range(0x110000):
        if not test(chr(code)):
            continue
        if out and out[-1][1] == code - 1:
            out[-1][1] = code
        else:
            out.append([code, code])
    return out


def prohibited(ch):
    tests = "c12 c21_c22 c3 c4 c5 c6 c7 c8 c9"
    return any(getattr(stringprep, "in_table_" + t)(ch) for t in tests.split())


def decomposition(ch):
    """One level of ch's decomposition, and whether the pair composes to ch again."""
    fields = unicodedata.decomposition(ch).split()
    if not fields or old.category(ch) == "Cn":
        return None
    compatible = fields[0].startswith("<")
    target = [int(f, 16) for f in fields[compatible:]]
    return target, not compatible and unicodedata.normalize("NFC", ch) == ch and len(target) == 2


def decompositions():
    """[code, length, composes, values], with runs of single targets folded."""
    out = []
    for code in CODES:
        found = decomposition(chr(code))
        if not found:
            continue
        target, composes = found
        last = out[-1] if out else None
        if len(target) == 1 and last and last[1] in (RUN_UP, RUN_FLAT, 1):
            count = last[3][0] if last[1] != 1 else 1
            first = last[3][-1]
            if last[0] + count == code:
                if last[1] != RUN_FLAT and first + count == target[0]:
                    out[-1] = [last[0], RUN_UP, False, [count + 1, first]]
                    continue
                if last[1] != RUN_UP and first == target[0]:
                    out[-1] = [last[0], RUN_FLAT, False, [count + 1, first]]
                    continue
        out.append([code, len(target), composes, target])
    return out


def combining():
    out = []
    for code in CODES:
        value = unicodedata.combining(chr(code))
        if not value or old.category(chr(code)) == "Cn":
            continue
        if out and out[-1][1] == code - 1 and out[-1][2] == value:
            out[-1][1] = code
        else:
            out.append([code, code, value])
    return out


def array(kind, name, items):
    print(f"constexpr {kind} {name}[] = {{")
    line = "   "
    for item in items:
        if len(line) + len(item) + 2 > 100:
            print(line)
            line = "   "
        line += f" {item},"
    print(line + "\n};\n")


def range_items(found):
    return ["{%#x, %#x}" % tuple(r) for r in found]


def main():
    table = decompositions()
    print('#include "auth/unicode_tables.h"\n')
    print("// Written by tools/unicode_tables.py from the Unicode Character Database.\n")
    print("namespace weir::auth::unicode {\n\nnamespace {\n")
    array("Range", "kSpaces", range_items(ranges(stringprep.in_table_c12)))
    array("Range", "kNothing", range_items(ranges(stringprep.in_table_b1)))
    array("Range", "kProhibited", range_items(ranges(prohibited)))
    array("Range", "kUnassigned", range_items(ranges(stringprep.in_table_a1)))
    array("Range", "kRightToLeft", range_items(ranges(stringprep.in_table_d1)))
    array("Range", "kLeftToRight", range_items(ranges(stringprep.in_table_d2)))
    array("Combining", "kCombining", ["{%#x, %#x, %d}" % tuple(c) for c in combining()])
    array("std::uint32_t", "kHeads",
          ["%#x" % (code | length << 21) for code, length, _, _ in table])
    array("char32_t", "kTargets", ["%#x" % v for entry in table for v in entry[3]])
    starts = [0]
    for entry in table:
        starts.append(starts[-1] + len(entry[3]))
    array("std::uint16_t", "kAnchors", ["%d" % at for at in starts[:len(table):ANCHOR_STEP]])
    pairs = sorted((entry[3], index) for index, entry in enumerate(table) if entry[2])
    array("std::uint16_t", "kPairs", ["%d" % index for _, index in pairs])
    print("}  // namespace\n")
    for kind, name in [("Range", n) for n in ("Spaces", "Nothing", "Prohibited", "Unassigned",
                                               "RightToLeft", "LeftToRight")] + [
            ("Combining", "Combining"), ("std::uint32_t", "Heads"), ("char32_t", "Targets"),
            ("std::uint16_t", "Anchors"), ("std::uint16_t", "Pairs")]:
        function = "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")
        print(f"std::span<const {kind}> {function}() {{ return k{name}; }}")
    print("\n}  // namespace weir::auth::unicode")


if __name__ == "__main__":
    main()
