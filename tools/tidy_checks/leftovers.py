"""What is there and used by nobody, what is used and written nowhere, and what is only this
machine's."""

import os
import re
from pathlib import Path, PurePosixPath

from .layers import includes
from .tree import CPP, Finding

OPTION_ROW = re.compile(r'row_for<[^>]*>\(\s*"([\w]+)"')
OPTION_PAGE = "docs/options.md"

# Folders that stand above many a checkout and say nothing about the machine.
COMMON_FOLDERS = {"/", "/tmp", "/home", "/opt", "/srv", "/usr", "/usr/src", "/var", "/var/tmp"}
LOCK_FILES = ("package-lock.json", ".lock")


def check_unused_headers(tree):
    users = {}
    for path in tree.matching(*CPP):
        for _, kind, name in includes(tree, path):
            if kind == '"':
                users.setdefault(PurePosixPath(name).name, set()).add(_unit(path))
    for header in tree.matching(".h"):
        others = users.get(PurePosixPath(header).name, set()) - {_unit(header)}
        if not others:
            yield Finding("unused", header, 1, "nobody includes this header but its own unit")


def _unit(path):
    """x of x.h, x.cc, x_test.cc and x_fuzz.cc."""
    return re.sub(r"(_test|_fuzz)?\.(h|cc|cpp)$", "", path)


def check_unlinked_pages(tree):
    pages = tree.matching(".md")
    linked = set()
    for page in pages:
        for target in re.findall(r"\]\(([^)#\s]+)", tree.text(page)):
            path = os.path.normpath(os.path.join(os.path.dirname(page), target))
            linked.add(path)
            if "://" not in target and not (tree.root / path).exists():
                yield Finding("link", page, 1, f"{target} is not there", symbol=target)
    for page in pages:
        if page.startswith("docs/") and page not in linked:
            yield Finding("unused", page, 1, "no page links here")


def check_documented_options(tree):
    if OPTION_PAGE not in tree.files:
        return
    documented = set(re.findall(r"`([\w]+)`", tree.text(OPTION_PAGE)))
    for path in tree.matching(".cc", under="src/config/"):
        for name in OPTION_ROW.findall(tree.text(path)):
            if name not in documented:
                yield Finding("undocumented", path, 1, f"{name} is not in {OPTION_PAGE}",
                              symbol=name)


def check_machine_names(tree):
    names = "|".join(map(re.escape, sorted(machine_names(tree.root))))
    whole_name = re.compile(r"(?<![\w/.-])(?:" + names + ")")
    for path in tree.files:
        if path.endswith(LOCK_FILES):
            continue
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            for name in whole_name.findall(line):
                yield Finding("machine", path, number, f"{name} is this machine's", symbol=name)


def machine_names(root):
    """Paths and hosts that only this machine knows: its folders, its package hosts."""
    names = {str(root), f"{Path.home()}/"}
    if str(root.parent) not in COMMON_FOLDERS:
        names.add(f"{root.parent}/")
    files = [Path("/etc/apt/sources.list"), Path.home() / ".npmrc",
             *Path("/etc/apt/sources.list.d").glob("*"), Path("/etc/pip.conf")]
    host = re.compile(r"https?://(?:[^/@\s]*@)?([\w-]+(?:\.[\w-]+)+)")
    for path in files:
        if path.is_file() and os.access(path, os.R_OK):
            names.update(host.findall(path.read_text()))
    return names - {"//"}
