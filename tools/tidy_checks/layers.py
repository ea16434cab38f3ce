"""The order of the layers, and what a layer must not use."""

import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

from .tree import CPP, Finding

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.M)
MODULE = re.compile(r"^module\((\w+)([^)]*)\)", re.M)

# The folders that take events and a time, and give back values and effects.
CORE = ("base", "wire", "auth", "sql", "pool", "session", "admin", "stats")
CORE_TOKENS = {
    "throw": r"\bthrow\b",
    "try": r"\btry\s*\{",
    "new": r"\bnew\b(?!\s*\()",  # with a place in parentheses it allocates nothing
    "delete": r"(?<!=)(?<!= )\bdelete\b",
    "std::mutex": r"\bstd::(?:recursive_|shared_|timed_)?mutex\b",
    "::now()": r"::now\s*\(",
    "thread_local": r"\bthread_local\b",
    "std::regex": r"\bstd::regex\b",
    "std::function": r"\bstd::function\b",
    "dynamic_cast": r"\bdynamic_cast\b",
}

# The data plane's sockets are net's. The command line asks whether a port is free.
SOCKET_FOLDERS = ("net", "cli", "http", "backup")
SOCKET_HEADERS = ("sys/socket.h", "sys/epoll.h", "netinet/in.h", "netinet/tcp.h", "netdb.h",
                  "sys/un.h", "arpa/inet.h", "openssl/ssl.h")


def modules(tree):
    """Of each module, in order, those it may use: `module(name DEPS a b LIBS c)`."""
    found = {}
    for name, rest in MODULE.findall(tree.text("CMakeLists.txt")):
        dependencies = re.search(r"\bDEPS((?:\s+\w+)*?)(?:\s+LIBS\b|\s*$)", rest)
        found[name] = dependencies.group(1).split() if dependencies else []
    return found


def module_of(path):
    return path.split("/")[1]


def includes(tree, path):
    """(line, opening character, name) of each #include."""
    for match in INCLUDE.finditer(tree.text(path)):
        yield tree.text(path).count("\n", 0, match.start(2)) + 1, match.group(1), match.group(2)


def check_includes(tree):
    known = modules(tree)
    for path in tree.matching(*CPP, under="src/"):
        here = module_of(path)
        if here not in known:
            yield Finding("layer", path, 1, f"CMakeLists.txt has no module({here})")
            continue
        for line, kind, name in includes(tree, path):
            there = name.split("/")[0]
            if kind == '"' and f"src/{name}" not in tree.files:
                yield Finding("include", path, line, f'"{name}" is not below src/', symbol=name)
            elif kind == '"' and there != here and there not in known[here]:
                yield Finding("layer", path, line, f"{here} may not use {there}: {name}",
                              symbol=name)
            elif kind == "<" and name in SOCKET_HEADERS and here not in SOCKET_FOLDERS:
                yield Finding("socket", path, line, f"<{name}> is for net", symbol=name)


def check_tokens(tree):
    for path in tree.matching(*CPP, under="src/"):
        if path.endswith(("_test.cc", "_fuzz.cc", "test_main.cpp")):
            continue
        tokens = CORE_TOKENS if module_of(path) in CORE else {}
        for number, line in enumerate(tree.code(path).splitlines(), 1):
            for token, pattern in tokens.items():
                if re.search(pattern, line):
                    yield Finding("token", path, number, f"{token} has no place in {path}",
                                  symbol=token)


def check_headers_compile(tree):
    """Each header as a file of its own, so that it includes what it uses."""
    headers = tree.matching(".h", under="src/")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for header, error in zip(headers, pool.map(lambda h: _compile(tree, h), headers)):
            if error:
                yield Finding("header-alone", header, 1, error)


def _compile(tree, header):
    done = subprocess.run(
        [os.environ.get("CXX", "g++"), "-std=c++23", "-fsyntax-only", "-Isrc", "-include", header,
         "-x", "c++", "/dev/null"], cwd=tree.root, capture_output=True, text=True)
    errors = [line for line in done.stderr.splitlines() if "error:" in line]
    return (errors or ["does not compile"])[0] if done.returncode else ""
