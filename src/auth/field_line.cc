#include "auth/field_line.h"

#include <fmt/format.h>

#include <utility>

namespace weir::auth {

namespace {

constexpr std::string_view kBlanks = " \t\r\v\f";
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr int kNestingMax = 10;
constexpr int kFilesMax = 100;

bool is_blank(char c) { return kBlanks.find(c) != std::string_view::npos; }

// One word from the front of `rest`, up to a blank, a comma or a comment.
Result<Word> take_word(std::string_view& rest) {
  Word word;
  word.quoted = rest.front() == '"';
  bool inside = false;
  std::size_t at = 0;
  for (; at < rest.size(); ++at) {
    const char c = rest[at];
    if (c == '"') {
      const bool doubled = inside && at + 1 < rest.size() && rest[at + 1] == '"';
      if (!doubled) {
        inside = !inside;
        continue;
      }
      ++at;
    } else if (!inside && (is_blank(c) || c == ',' || c == '#')) {
      break;
    }
    word.text += c;
  }
  if (inside) return fail("a quote is not closed");
  rest.remove_prefix(at);
  return word;
}

void skip_blanks(std::string_view& rest) {
  while (!rest.empty() && is_blank(rest.front())) rest.remove_prefix(1);
}

bool ends(std::string_view rest) { return rest.empty() || rest.front() == '#'; }

std::string path_beside(const std::string& file, const std::string& name) {
  const auto slash = file.rfind('/');
  if (name.starts_with('/') || slash == std::string::npos) return name;
  return file.substr(0, slash + 1) + name;
}

// Outside quotes, so that nothing behind it belongs to the rule.
bool has_comment(std::string_view line) {
  bool inside = false;
  for (const char c : line) {
    if (c == '"') inside = !inside;
    if (c == '#' && !inside) return true;
  }
  return false;
}

struct Expansion {
  const TextFiles& files;
  Field words{};
  int files_read = 0;

  Result<void> append(const Field& field, const std::string& from, int depth);
  Result<void> append_file(const std::string& path, int depth);
};

Result<void> Expansion::append(const Field& field, const std::string& from, int depth) {
  for (const Word& word : field) {
    if (!word.begins_with('@')) {
      words.push_back(word);
    } else if (auto ok = append_file(path_beside(from, word.text.substr(1)), depth); !ok) {
      return ok;
    }
  }
  return {};
}

Result<void> Expansion::append_file(const std::string& path, int depth) {
  if (depth >= kNestingMax)
    return fail(fmt::format("files name each other more than {} deep", kNestingMax));
  if (++files_read > kFilesMax)
    return fail(fmt::format("a list is made of more than {} files", kFilesMax));
  const auto text = files.read(path);
  if (!text) return fail(fmt::format("could not open {}: {}", path, text.error().text));
  FileProblems problems;
  const auto lines = split_lines(*text, path, problems);
  if (!problems.empty())
    return fail(fmt::format("{}:{}: {}", path, problems.front().line, problems.front().text));
  for (const FieldLine& line : lines)
    for (const Field& field : line.fields)
      if (auto ok = append(field, path, depth + 1); !ok) return ok;
  return {};
}

}  // namespace

Result<std::vector<Field>> split_fields(std::string_view line) {
  if (line.find('\0') != std::string_view::npos) return fail("the line contains a zero byte");
  std::vector<Field> fields;
  for (skip_blanks(line); !ends(line); skip_blanks(line)) {
    Field field;
    bool more = true;
    while (more) {
      if (ends(line) || line.front() == ',') return fail("a word is missing beside a comma");
      auto word = take_word(line);
      if (!word) return std::unexpected(word.error());
      field.push_back(std::move(*word));
      more = line.starts_with(',');
      if (!more) break;
      line.remove_prefix(1);
      skip_blanks(line);
    }
    fields.push_back(std::move(field));
  }
  return fields;
}

std::vector<FieldLine> split_lines(std::string_view text, const std::string& file,
                                   FileProblems& problems) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::vector<FieldLine> lines;
  std::string joined;
  unsigned first = 1;
  for (unsigned number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (joined.empty()) first = number;
    if (line.ends_with('\\') && !text.empty() && !has_comment(line)) {
      joined.append(line.substr(0, line.size() - 1)) += ' ';
      continue;
    }
    joined += line;
    auto fields = split_fields(joined);
    joined.clear();
    if (!fields) {
      problems.push_back({file, first, fields.error().text});
    } else if (!fields->empty()) {
      lines.push_back({first, std::move(*fields)});
    }
  }
  return lines;
}

Result<Field> expand_files(const Field& field, const std::string& from, const TextFiles& files) {
  Expansion expansion{.files = files};
  if (auto ok = expansion.append(field, from, 0); !ok) return std::unexpected(ok.error());
  return std::move(expansion.words);
}

}  // namespace weir::auth
