// The lines of an HBA or ident file as fields, each a list of words, and the files that `@` names.
// Pure: whoever parses is given the texts. Words keep whether they were in quotes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weir::auth {

// In quotes a word is never a keyword.
struct Word {
  std::string text;
  bool quoted = false;

  bool is(std::string_view keyword) const { return !quoted && text == keyword; }
  bool begins_with(char c) const { return !quoted && text.starts_with(c); }
};

using Field = std::vector<Word>;  // never empty

struct FieldLine {
  unsigned number = 0;
  std::vector<Field> fields;  // never empty
};

struct FileProblem {
  std::string file;
  unsigned line = 0;
  std::string text;
};
using FileProblems = std::vector<FileProblem>;

// The one way by which parsers come to the text of other files.
class TextFiles {
 public:
  virtual ~TextFiles() = default;
  // The whole file, or an error in the words of strerror ("No such file or directory").
  virtual Result<std::string> read(const std::string& path) const = 0;
};

// Blanks part fields, commas words; `"` quotes, doubled inside; # begins a comment.
Result<std::vector<Field>> split_fields(std::string_view line);

// Every line with fields; one that ends in a backslash goes on in the next, unlike PostgreSQL's not
// where it ends in a comment. Those that cannot be split are reported.
std::vector<FieldLine> split_lines(std::string_view text, const std::string& file,
                                   FileProblems& problems);

// Replaces each `@file` by the words of that file, whose path counts from the folder of `from`.
Result<Field> expand_files(const Field& field, const std::string& from, const TextFiles& files);

}  // namespace weir::auth
