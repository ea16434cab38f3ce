#include "config/ini.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "config/memory_files.h"

using namespace weir::config;

namespace {

// "[section]" and "key=value@file:line", an item each; problems come last as "!text".
std::vector<std::string> read(const MemoryFiles& files) {
  Problems problems;
  std::vector<std::string> seen;
  for (const IniLine& line : read_ini("c.ini", files, problems)) {
    seen.push_back(line.kind == IniLine::Kind::Section
                       ? fmt::format("[{}]", line.name)
                       : fmt::format("{}={}@{}:{}", line.name, line.value, line.place.file,
                                     line.place.line));
  }
  for (const Problem& problem : problems) seen.push_back("!" + to_string(problem));
  return seen;
}

std::vector<std::string> read(std::string text) {
  MemoryFiles files;
  files.texts["c.ini"] = std::move(text);
  return read(files);
}

using Seen = std::vector<std::string>;

// The only thing seen is one error that contains `part`.
bool is_error(const Seen& seen, std::string_view part) {
  return seen.size() == 1 && seen[0].starts_with("!") &&
         seen[0].find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("lines are sections, entries, comments or blank") {
  CHECK(read("") == Seen{});
  CHECK(read("\n ; c\n# d\n\t\n") == Seen{});
  CHECK(read("[a]\nx=1\n") == Seen{"[a]", "x=1@c.ini:2"});
  CHECK(read("  [a]  \n  x  =  1 2  ") == Seen{"[a]", "x=1 2@c.ini:2"});
  CHECK(read("x =\n") == Seen{"x=@c.ini:1"});
  CHECK(read("x=1\r\ny=2\r\n") == Seen{"x=1@c.ini:1", "y=2@c.ini:2"});
  CHECK(read("\xef\xbb\xbfx=1") == Seen{"x=1@c.ini:1"});
}

TEST_CASE("comment signs and quotes are ordinary inside a value") {
  CHECK(read("x=1 ; c # d") == Seen{"x=1 ; c # d@c.ini:1"});
  CHECK(read("x='5'") == Seen{"x='5'@c.ini:1"});
  CHECK(read("x=a=b") == Seen{"x=a=b@c.ini:1"});
}

TEST_CASE("bare names have a few characters, quoted ones any") {
  CHECK(read("a.b-c_*1=x") == Seen{"a.b-c_*1=x@c.ini:1"});
  CHECK(read("*=x") == Seen{"*=x@c.ini:1"});
  CHECK(read("'My Db' = x") == Seen{"My Db=x@c.ini:1"});
  CHECK(read("\"My Db\" = x") == Seen{"My Db=x@c.ini:1"});
  CHECK(read("'it''s' = x") == Seen{"it's=x@c.ini:1"});
  CHECK(read("'''' = x") == Seen{"'=x@c.ini:1"});
  CHECK(read("\"a'b\" = x") == Seen{"a'b=x@c.ini:1"});
}

TEST_CASE("lines that cannot be read are errors with their place, and reading goes on") {
  for (const auto* bad : {"foo", "=5", "max client=5", "a$b=x", "a:b=x", "k\xc3\xa9=x", "'' = x",
                          "'abc = x", "\"abc' = x", "[databases", "%foo x", "%include",
                          "%includex"}) {
    CAPTURE(bad);
    CHECK(is_error(read(bad), "c.ini:1: error: syntax error in configuration (c.ini:1)"));
  }
  CHECK(is_error(read(std::string("x=1\0", 4)), "a zero byte"));
  const auto seen = read("foo\nx=1\nbar\n");
  REQUIRE(seen.size() == 3);
  CHECK(seen[0] == "x=1@c.ini:2");
  CHECK(seen[2].starts_with("!c.ini:3: error: "));
}

TEST_CASE("section names are taken as they are, and text after them is not") {
  CHECK(read("[ a ]") == Seen{"[ a ]"});
  CHECK(read("[a] ; c") == Seen{"[a]"});
  const auto seen = read("[a] x=1");
  REQUIRE(seen.size() == 2);
  CHECK(seen[1].starts_with("!c.ini:1: warning: the text after ] is ignored"));
}

TEST_CASE("included files stand where they are named") {
  MemoryFiles files;
  files.texts["c.ini"] = "[a]\nx=1\n  %include \t sub dir/d.ini  \ny=2\n";
  files.texts["sub dir/d.ini"] = "\n[b]\nz=3";
  CHECK(read(files) == Seen{"[a]", "x=1@c.ini:2", "[b]", "z=3@sub dir/d.ini:3", "y=2@c.ini:4"});
}

TEST_CASE("a file that is not there is an error at the line that names it") {
  CHECK(is_error(read("%include x.ini"),
                 "c.ini:1: error: could not load file \"x.ini\": No such file or directory"));
  CHECK(is_error(read(MemoryFiles{}),
                 "c.ini: error: could not load file \"c.ini\": No such file or directory"));
}

TEST_CASE("includes nest ten deep") {
  MemoryFiles files;
  files.texts["c.ini"] = "%include 1";
  for (int i = 1; i < 10; ++i) files.texts[std::to_string(i)] = fmt::format("%include {}", i + 1);
  files.texts["10"] = "x=1";
  CHECK(read(files) == Seen{"x=1@10:1"});
  files.texts["10"] = "%include 11";
  files.texts["11"] = "x=1";
  CHECK(is_error(read(files), "10:1: error: include nesting level too deep"));
}

TEST_CASE("a file that includes itself is told at once") {
  CHECK(is_error(read("%include c.ini"),
                 "c.ini:1: error: include nesting level too deep: c.ini includes itself"));
  MemoryFiles files;
  files.texts["c.ini"] = "%include d.ini\n%include d.ini";
  files.texts["d.ini"] = "x=1\n%include c.ini";
  CHECK(read(files).size() == 4);
}

TEST_CASE("files that include others many times end soon") {
  MemoryFiles files;
  for (int i = 0; i < 10; ++i) {
    std::string text;
    for (int times = 0; times < 10; ++times) text += fmt::format("%include {}\n", i + 1);
    files.texts[i == 0 ? "c.ini" : std::to_string(i)] = text;
  }
  files.texts["10"] = "x=1\n";
  const auto seen = read(files);
  CHECK(seen.size() <= 1001);
  CHECK(seen.back().find("more than 1000 files are included") != std::string::npos);
}
