"""tools/tidy.py finds each kind of fault, and its baseline can only shrink."""

import os
import subprocess
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tools"))

from tidy_checks import baseline, layers, leftovers, sizes  # noqa: E402
from tidy_checks.functions import functions  # noqa: E402
from tidy_checks.tree import Tree, blank  # noqa: E402

CMAKE = """
module(base)
module(net DEPS base LIBS x)
module(pool
       DEPS base)
"""


@pytest.fixture
def project(tmp_path):
    def make(**files):
        for name, text in {"CMakeLists.txt": CMAKE, **files}.items():
            path = tmp_path / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return Tree(tmp_path)

    return make


def found(check, tree):
    return sorted((f.rule, f.path, f.symbol) for f in check(tree))


def named(code):
    return {f.name: (f.lines, f.parameters) for f in functions(blank(code))}


def test_functions_are_told_from_other_braces():
    code = """
namespace a {
struct S {
  int x{1};
  S(int y, int z) : x{y}, w_(z) {}
  template <typename A, typename B>
  void put(std::map<A, B> m, int n = f(1, 2)) {
    if (n) { g(); }
    auto l = [](int a, int b) { return a + b; };
  }
  int w_;
};
constexpr Row kRows[] = {row("a", 1), row("{", 2)};
bool S::operator==(const S&) const {
  return true; // }
}
}
"""
    assert named(code) == {"S": (1, 2), "put": (5, 2), "S::operator==": (3, 1)}


def test_sizes(project):
    body = "  f();\n" * 70
    tree = project(**{"src__pool__a.cc": "void f() {\n" + body + "}\n"
                                         "void g(int a, int b, int c, int d, int e, int f) {}\n",
                      "src__pool__b.h": "int x;\n" * 201,
                      "tools__c.py": "x = '" + "y" * 100 + "'\n"})
    assert found(sizes.check_cpp_functions, tree) == [
        ("function-lines", "src/pool/a.cc", "f"), ("parameters", "src/pool/a.cc", "g")]
    assert [f[:2] for f in found(sizes.check_files, tree)] == [
        ("columns", "tools/c.py"), ("file-lines", "src/pool/b.h")]


def test_layers(project):
    tree = project(**{
        "src__base__a.h": "", "src__net__n.h": "", "src__pool__p.h": '#include "net/n.h"\n',
        "src__pool__p.cc": '#include "base/a.h"\n#include "base/gone.h"\n#include <sys/socket.h>\n',
        "src__other__o.cc": ""})
    assert found(layers.check_includes, tree) == [
        ("include", "src/pool/p.cc", "base/gone.h"), ("layer", "src/other/o.cc", ""),
        ("layer", "src/pool/p.h", "net/n.h"), ("socket", "src/pool/p.cc", "sys/socket.h")]


@pytest.mark.parametrize("line, token", [
    ("throw 1;", "throw"), ("auto p = new int;", "new"), ("std::mutex m;", "std::mutex"),
    ("auto t = Clock::now();", "::now()"), ("thread_local int x;", "thread_local"),
    ("delete p;", "delete")])
def test_tokens(project, line, token):
    tree = project(src__pool__p=" ", **{"src__pool__p.cc": line, "src__net__n.cc": line})
    assert found(layers.check_tokens, tree) == [("token", "src/pool/p.cc", token)]


@pytest.mark.parametrize("line", [
    "new (place) int;", "A(const A&) = delete;", "// throw", 'f("new");', "int renew;"])
def test_what_only_looks_like_a_token(project, line):
    assert found(layers.check_tokens, project(**{"src__pool__p.cc": line})) == []


def test_unused_headers_and_pages(project):
    tree = project(**{
        "src__pool__p.h": "", "src__pool__p_test.cc": '#include "pool/p.h"\n',
        "src__pool__q.h": "", "src__pool__p.cc": '#include "pool/p.h"\n#include "pool/q.h"\n',
        "README.md": "[a](docs/a.md) [b](docs/gone.md)", "docs__a.md": "", "docs__b.md": ""})
    assert found(leftovers.check_unused_headers, tree) == [("unused", "src/pool/p.h", "")]
    assert found(leftovers.check_unlinked_pages, tree) == [
        ("link", "README.md", "docs/gone.md"), ("unused", "docs/b.md", "")]


def test_options_without_documentation(project):
    tree = project(**{
        "src__config__t.cc": 'row_for<&S::a>("known", 1),\nrow_for<&S::b>(\n    "unknown", 2),\n',
        "docs__options.md": "| `known` |"})
    assert found(leftovers.check_documented_options, tree) == [
        ("undocumented", "src/config/t.cc", "unknown")]


def test_paths_of_this_machine(project, tmp_path):
    tree = project(**{"a.txt": f"see {tmp_path}/x\n", "b.txt": "see $part/tmp/x\n"})
    assert {f.path for f in leftovers.check_machine_names(tree)} == {"a.txt"}


def test_baseline_excuses_and_only_shrinks(project, tmp_path):
    tree = project(**{"src__pool__p.cc": "int a; // " + "x" * 95 + "\n",
                      "tools__tidy.baseline": ""})
    [finding] = list(sizes.check_files(tree))
    assert baseline.unexcused(tree, [finding]) == [finding]
    known = tmp_path / "tools/tidy.baseline"
    known.write_text(f"{finding.value} {finding.place}\n")
    assert baseline.unexcused(tree, [finding]) == []

    git = ["git", "-C", str(tmp_path), "-c", "user.name=t", "-c", "user.email=t@t.invalid"]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "x"]):
        subprocess.run(git + command, check=True)
    known.write_text(f"{finding.value + 1} {finding.place}\n")
    rules = [f.text for f in baseline.unexcused(tree, [finding])]
    assert any("may only shrink" in text for text in rules)
    assert any("--shrink" in text for text in rules)
    baseline.shrink(tree, [finding])
    assert known.read_text() == f"{finding.value} {finding.place}\n"
    baseline.shrink(tree, [])
    assert known.read_text() == ""
