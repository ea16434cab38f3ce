#include "config/ini.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "config/text.h"

namespace weir::config {

namespace {

constexpr std::size_t kDeepestInclude = 10;
// A file may include another many times on each level; this bounds the product.
constexpr int kMostIncludes = 1000;
constexpr std::string_view kBareName =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.*-";

class IniReader {
 public:
  IniReader(const Files& files, std::vector<IniLine>& lines, Problems& problems)
      : files_(files), lines_(lines), problems_(problems) {}

  void file(const std::string& path, const Place& from) {
    auto text = files_.read(path);
    if (!text) {
      return problem(from, fmt::format("could not load file \"{}\": {}", path, text.error().text));
    }
    std::string_view left = *text;
    if (left.starts_with("\xef\xbb\xbf")) left.remove_prefix(3);
    Place at{path, 0};
    open_.push_back(path);
    while (!left.empty()) {
      const auto end = std::min(left.find('\n'), left.size());
      ++at.line;
      line(left.substr(0, end), at);
      left.remove_prefix(std::min(end + 1, left.size()));
    }
    open_.pop_back();
  }

 private:
  void line(std::string_view whole, const Place& at) {
    const auto text = trim(whole);
    if (text.empty() || text.front() == ';' || text.front() == '#') return;
    if (text.find('\0') != std::string_view::npos) return syntax_error(at, "a zero byte");
    if (text.front() == '[') return section(text, at);
    if (text.front() == '%') return include(text, at);
    entry(text, at);
  }

  void section(std::string_view text, const Place& at) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return syntax_error(at, "[ without its ]");
    lines_.push_back({IniLine::Kind::Section, std::string(text.substr(1, end - 1)), {}, at});
    const auto rest = trim(text.substr(end + 1));
    if (rest.empty() || rest.front() == ';' || rest.front() == '#') return;
    problems_.push_back({Severity::Warning, at.file, at.line,
                         "the text after ] is ignored: put it on a line of its own"});
  }

  void include(std::string_view text, const Place& at) {
    constexpr std::string_view kWord = "%include";
    const std::string path(trim(text.substr(std::min(text.find_first_of(kBlanks), text.size()))));
    if (text.substr(0, text.find_first_of(kBlanks)) != kWord || path.empty()) {
      return syntax_error(at, "% begins only %include FILE");
    }
    if (open_.size() > kDeepestInclude) return problem(at, "include nesting level too deep");
    if (std::ranges::find(open_, path) != open_.end()) {
      return problem(at, fmt::format("include nesting level too deep: {} includes itself", path));
    }
    if (included_++ == kMostIncludes) {
      return problem(at, fmt::format("more than {} files are included", kMostIncludes));
    }
    if (included_ <= kMostIncludes) file(path, at);
  }

  void entry(std::string_view text, const Place& at) {
    auto name = take_name(text);
    if (!name) {
      return syntax_error(at, "names other than letters, digits and _ . * - stand in quotes, "
                              "and quotes need their end");
    }
    text = trim(text);
    if (!text.starts_with('=')) return syntax_error(at, "key = value is needed");
    std::string value(trim(text.substr(1)));
    lines_.push_back({IniLine::Kind::Entry, std::move(*name), std::move(value), at});
  }

  // Removes the name from the front of the line. A quote is doubled inside quotes.
  static std::optional<std::string> take_name(std::string_view& text) {
    const char quote = text.front();
    if (quote != '\'' && quote != '"') {
      const auto end = std::min(text.find_first_not_of(kBareName), text.size());
      if (end == 0) return std::nullopt;
      std::string name(text.substr(0, end));
      text.remove_prefix(end);
      return name;
    }
    std::string name;
    text.remove_prefix(1);
    for (;;) {
      const auto end = text.find(quote);
      if (end == std::string_view::npos) return std::nullopt;
      name += text.substr(0, end);
      text.remove_prefix(end + 1);
      if (!text.starts_with(quote)) break;
      name += quote;
      text.remove_prefix(1);
    }
    return name.empty() ? std::nullopt : std::optional(std::move(name));
  }

  void syntax_error(const Place& at, std::string_view what) {
    problem(at, fmt::format("syntax error in configuration ({}:{}): {}", at.file, at.line, what));
  }
  void problem(const Place& at, std::string text) {
    problems_.push_back({Severity::Error, at.file, at.line, std::move(text)});
  }

  const Files& files_;
  std::vector<IniLine>& lines_;
  Problems& problems_;
  std::vector<std::string> open_;  // the files from the first to the one being read
  int included_ = 0;
};

}  // namespace

std::vector<IniLine> read_ini(const std::string& path, const Files& files, Problems& problems) {
  std::vector<IniLine> lines;
  IniReader(files, lines, problems).file(path, Place{path, 0});
  return lines;
}

}  // namespace weir::config
