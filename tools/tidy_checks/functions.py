"""Where the functions of a C++ file are. A reader of braces, not a compiler: it takes a `{` for a
function's when what stands before it looks like a head with parameters, outside any function."""

import re
from dataclasses import dataclass

NOT_A_FUNCTION = re.compile(r"^\s*(?:namespace|class|struct|union|enum|extern|using|typedef)\b")
TEMPLATE = re.compile(r"^\s*template\s*<")
NAME = re.compile(r"((?:\w+::)*(?:operator\s*(?:\(\)|[^\s\w(]+|\s\w+)|~?\w+))\s*$")


@dataclass(frozen=True)
class Function:
    name: str
    line: int
    lines: int
    parameters: int


def functions(code):
    """The functions of blanked code, with their lines from the head to the closing brace."""
    found = []
    scopes = []  # of each open brace: None, or the function's (head, start)
    start = 0  # of the current head
    parentheses = 0
    for at, c in enumerate(code):
        if c in "()":
            parentheses += 1 if c == "(" else -1
        elif c == "{":
            inside = any(scopes)
            head = "" if inside or parentheses else function_head(code[start:at])
            scopes.append((head, start) if head else None)
            if not inside and not head and _keeps_head(code[start:at]):
                continue
            start = at + 1
        elif c == "}":
            closed = scopes.pop() if scopes else None
            if closed:
                found.append(_function(code, *closed, at))
            if closed or not _keeps_head(code[start:at]):
                start = at + 1
        elif c == ";" and not parentheses:
            start = at + 1
    return found


def _keeps_head(text):
    """Inside a constructor's list of initialisers, `a_{1}, b_{2}`, the head goes on."""
    return bool(re.search(r"\)[^;]*:\s*[^;]*$", text)) and not NOT_A_FUNCTION.match(text)


def function_head(text):
    """The head up to its parameters' closing parenthesis, or "" when `text` is none."""
    head = re.sub(r"^\s*(?:public|private|protected)\s*:", "", text)
    if TEMPLATE.match(head):
        head = head[_closing(head, head.index("<"), "<>") + 1:]
    if NOT_A_FUNCTION.match(head) or "(" not in head:
        return ""
    if re.search(r"[=,]\s*$", head):
        return ""
    begin = head.index("(")
    if not NAME.search(head[:begin]):
        return ""
    if re.search(r"=", head[:begin]) and "operator" not in head[:begin]:
        return ""
    # In a list of initialisers, `: a_{`, the brace is a member's and not the body's.
    after = head[_closing(head, begin, "()") + 1:]
    if ":" in after.replace("::", "") and re.search(r"[\w>]\s*$", after):
        return ""
    return head


def _function(code, head, start, end):
    begin = head.index("(")
    name = NAME.search(head[:begin]).group(1)
    first = start + len(code[start:end]) - len(code[start:end].lstrip())
    lines = code.count("\n", first, end) + 1
    inside = head[begin + 1:_closing(head, begin, "()")]
    return Function(name, code.count("\n", 0, first) + 1, lines, count_parameters(inside))


def count_parameters(inside):
    if not inside.strip() or inside.strip() == "void":
        return 0
    depth = 0
    count = 1
    for c in inside:
        depth += (c in "(<{[") - (c in ")>}]")
        count += c == "," and depth == 0
    return count


def _closing(text, at, pair):
    depth = 0
    for i in range(at, len(text)):
        depth += (text[i] == pair[0]) - (text[i] == pair[1])
        if depth == 0:
            return i
    return len(text) - 1
