#include "auth/field_line.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "auth/test_files.h"

namespace weir::auth {

namespace {

// Fields part by a bar, words by a comma; quoted words in angle brackets.
std::string shown(const std::vector<Field>& fields) {
  std::string out;
  for (const Field& field : fields) {
    if (!out.empty()) out += '|';
    for (const Word& word : field) {
      if (&word != &field.front()) out += ',';
      out += word.quoted ? "<" + word.text + ">" : word.text;
    }
  }
  return out;
}

std::string split(std::string_view line) {
  const auto fields = split_fields(line);
  return fields ? shown(*fields) : "error: " + fields.error().text;
}

std::string lines(std::string_view text) {
  FileProblems problems;
  std::string out;
  for (const FieldLine& line : split_lines(text, "f", problems))
    out += fmt::format("{}:{};", line.number, shown(line.fields));
  for (const FileProblem& problem : problems)
    out += fmt::format("{}:{}!{};", problem.file, problem.line, problem.text);
  return out;
}

std::string expand(const std::map<std::string, std::string>& texts, std::string_view line) {
  TestFiles files;
  files.texts = texts;
  const auto fields = split_fields(line);
  REQUIRE(fields);
  const auto words = expand_files(fields->front(), "/etc/hba", files);
  return words ? shown({*words}) : "error: " + words.error().text;
}

}  // namespace

TEST_CASE("blanks part fields and commas words") {
  CHECK(split("") == "");
  CHECK(split(" \t ") == "");
  CHECK(split("# host all") == "");
  CHECK(split("host all,b\tc") == "host|all,b|c");
  CHECK(split("host a,  b, c d#e f") == "host|a,b,c|d");
  CHECK(split(R"("a b","c,d" "e""f" "#")") == R"(<a b>,<c,d>|<e"f>|<#>)");
  CHECK(split(R"(ldapurl="ldap://h/a,b c" x)") == "ldapurl=ldap://h/a,b c|x");
  CHECK(split(R"("")") == "<>");
}

TEST_CASE("a line that is not finished is an error") {
  CHECK(split(R"(host "all)") == "error: a quote is not closed");
  CHECK(split("a,") == "error: a word is missing beside a comma");
  CHECK(split("a,,b") == "error: a word is missing beside a comma");
  CHECK(split("a ,b") == "error: a word is missing beside a comma");
  CHECK(split(std::string_view("a\0b", 3)) == "error: the line contains a zero byte");
}

TEST_CASE("lines keep their numbers") {
  CHECK(lines("\xef\xbb\xbf" "a b\r\n\n# c\n  d\n") == "1:a|b;4:d;");
  CHECK(lines("a \\\n b\nc") == "1:a|b;3:c;");
  CHECK(lines("a\n\"b\nc") == "1:a;3:c;f:2!a quote is not closed;");
}

TEST_CASE("a comment does not swallow the next line") {
  CHECK(lines("# a \\\nreject\n") == "2:reject;");
  CHECK(lines("a # b \\\nreject\n") == "1:a;2:reject;");
  CHECK(lines("\"#\" \\\nb\n") == "1:<#>|b;");
}

TEST_CASE("the words of a file stand where it is named") {
  const std::map<std::string, std::string> texts{{"/etc/users", "a, b # all\n\"c d\"\n\n@more"},
                                                 {"/etc/more", "e"},
                                                 {"/x/y", "@z"},
                                                 {"/x/z", "q"},
                                                 {"/etc/empty", "\n"}};
  CHECK(expand(texts, "x,@users,y") == "x,a,b,<c d>,e,y");
  CHECK(expand(texts, "@/x/y") == "q");
  CHECK(expand(texts, "\"@users\"") == "<@users>");
  CHECK(expand(texts, "@empty") == "");
  CHECK(expand(texts, "@none") == "error: could not open /etc/none: No such file or directory");
  CHECK(expand({{"/etc/bad", "\n\"x"}}, "@bad") == "error: /etc/bad:2: a quote is not closed");
}

TEST_CASE("files that name themselves are an error") {
  CHECK(expand({{"/etc/a", "@a"}}, "@a") == "error: files name each other more than 10 deep");
  CHECK(expand({{"/etc/a", "@b @b @b"}, {"/etc/b", "@c @c @c"}, {"/etc/c", "@d @d @d @d @d @d"},
                {"/etc/d", "@e @e @e @e"}, {"/etc/e", ""}}, "@a") ==
        "error: a list is made of more than 100 files");
}

}  // namespace weir::auth
