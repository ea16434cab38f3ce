"""The project's files, and what a check says about them."""

import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CPP = (".h", ".cc", ".cpp")


@dataclass(frozen=True)
class Finding:
    """One fault. `place` names it without line numbers, so that the baseline survives edits."""

    rule: str
    path: str
    line: int
    text: str
    symbol: str = ""
    value: int = 1  # how bad: lines, columns, parameters

    @property
    def place(self):
        return f"{self.rule} {self.path}" + (f":{self.symbol}" if self.symbol else "")

    def __str__(self):
        return f"{self.path}:{self.line}: {self.rule}: {self.text}"


class Tree:
    def __init__(self, root):
        self.root = root
        listed = subprocess.run(
            ["git", "-C", str(root), "ls-files", "-co", "--exclude-standard"],
            capture_output=True, text=True)
        names = listed.stdout.splitlines() if listed.returncode == 0 else self._walk()
        self.files = sorted(name for name in set(names) if (root / name).is_file())

    def _walk(self):
        for path in self.root.rglob("*"):
            name = path.relative_to(self.root).as_posix()
            if not name.startswith((".git/", ".tools/", "build")) and "node_modules" not in name:
                yield name

    def matching(self, *suffixes, under=""):
        return [name for name in self.files if name.endswith(suffixes) and name.startswith(under)]

    @cache
    def text(self, name):
        return (self.root / name).read_text(encoding="utf-8", errors="replace")

    @cache
    def code(self, name):
        """A C++ file with comments, strings and preprocessor lines blanked, line for line."""
        return blank(self.text(name))


def blank(text):
    out = []
    at = 0
    while at < len(text):
        end = _end_of_blank(text, at)
        if end == at:
            out.append(text[at])
            at += 1
        else:
            # A literal stays one token, so that `f("a")` still has a parameter.
            if text[at] in "\"'R":
                out.append("0")
            out.append("\n" * text.count("\n", at, end))
            at = end
    lines = "".join(out).split("\n")
    continued = False
    for i, line in enumerate(lines):
        if continued or line.lstrip().startswith("#"):
            continued = line.rstrip().endswith("\\")
            lines[i] = ""
    return "\n".join(lines)


def _end_of_blank(text, at):
    """The end of the comment or literal that begins at `at`, or `at` itself."""
    if text.startswith("//", at):
        return _find(text, "\n", at)
    if text.startswith("/*", at):
        return _find(text, "*/", at + 2) + 2
    if text.startswith('R"', at):
        mark = text[at + 2:text.index("(", at)]
        return _find(text, f'){mark}"', at) + len(mark) + 2
    is_digit_separator = text[at] == "'" and at > 0 and text[at - 1].isalnum()
    if text[at] not in "\"'" or is_digit_separator:
        return at
    end = at + 1
    while end < len(text) and text[end] != text[at]:
        end += 2 if text[end] == "\\" else 1
    return min(end + 1, len(text))


def _find(text, what, start):
    at = text.find(what, start)
    return at if at >= 0 else len(text)
