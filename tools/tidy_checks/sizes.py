"""How long and how wide things may be."""

import ast

from .functions import functions
from .tree import CPP, Finding

MAX_COLUMNS = 100
MAX_FILE = 800
MAX_HEADER = 200
MAX_FUNCTION = 70
MAX_PARAMETERS = 5


def check_files(tree):
    for name in tree.matching(*CPP, ".py", ".cmake", "CMakeLists.txt"):
        lines = tree.text(name).splitlines()
        limit = MAX_HEADER if name.endswith(".h") else MAX_FILE
        if len(lines) > limit:
            yield Finding("file-lines", name, len(lines),
                          f"{len(lines)} lines; {limit} is a lot", value=len(lines))
        for number, line in enumerate(lines, 1):
            if len(line) > MAX_COLUMNS:
                yield Finding("columns", name, number, f"{len(line)} columns; {MAX_COLUMNS} fit",
                              symbol=line.split("//")[0].strip()[:40], value=len(line))


def check_cpp_functions(tree):
    for name in tree.matching(*CPP):
        for function in functions(tree.code(name)):
            yield from _check_function(name, function.name, function.line, function.lines,
                                       function.parameters)


def check_python_functions(tree):
    for name in tree.matching(".py"):
        for node in ast.walk(ast.parse(tree.text(name))):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                # One with a default is a named setting, and does not make a call harder to read.
                required = node.args.args[:len(node.args.args) - len(node.args.defaults)]
                parameters = len([a for a in required if a.arg not in ("self", "cls")])
                yield from _check_function(name, node.name, node.lineno,
                                           node.end_lineno - node.lineno + 1, parameters)


def _check_function(path, name, line, lines, parameters):
    if lines > MAX_FUNCTION:
        yield Finding("function-lines", path, line,
                      f"{name}: {lines} lines; {MAX_FUNCTION} is a lot", symbol=name, value=lines)
    if parameters > MAX_PARAMETERS:
        yield Finding("parameters", path, line,
                      f"{name}: {parameters} parameters; {MAX_PARAMETERS} are enough",
                      symbol=name, value=parameters)
