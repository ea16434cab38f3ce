#include "config/connection_string.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/text.h"

namespace weir::config {

namespace {

class PairReader {
 public:
  explicit PairReader(std::string_view text) : left_(text) {}

  bool more() {
    skip_blanks();
    return !left_.empty();
  }

  // Errors name the key and never the value, which may be a password.
  Result<Pair> next() {
    const auto key = take(left_.find_first_of("= \t\r\f\v"));
    skip_blanks();
    if (key.empty()) return fail("a key is missing before =");
    if (!left_.starts_with('=')) return fail(fmt::format("there is no = after {}", key));
    left_.remove_prefix(1);
    skip_blanks();
    auto value = left_.starts_with('\'') ? quoted() : Result<std::string>(take(bare_end()));
    if (!value) return fail(fmt::format("{} {}", key, value.error().text));
    if (value->empty()) return fail(fmt::format("{} has no value: leave it out", key));
    return Pair{std::string(key), std::move(*value)};
  }

 private:
  std::size_t bare_end() const { return left_.find_first_of(kBlanks); }

  std::string_view take(std::size_t n) {
    n = std::min(n, left_.size());
    const auto taken = left_.substr(0, n);
    left_.remove_prefix(n);
    return taken;
  }

  void skip_blanks() { take(left_.find_first_not_of(kBlanks)); }

  Result<std::string> quoted() {
    left_.remove_prefix(1);
    std::string value;
    for (;;) {
      const auto quote = left_.find('\'');
      if (quote == std::string_view::npos) return fail("has an opening quote without its end");
      value += take(quote);
      left_.remove_prefix(1);
      if (!left_.starts_with('\'')) break;
      value += '\'';
      left_.remove_prefix(1);
    }
    if (!left_.empty() && bare_end() != 0) return fail("needs a blank after its closing quote");
    return value;
  }

  std::string_view left_;
};

}  // namespace

Result<std::vector<Pair>> parse_connection_string(std::string_view text) {
  std::vector<Pair> pairs;
  PairReader reader(text);
  while (reader.more()) {
    auto pair = reader.next();
    if (!pair) return fail("syntax error in connection string: " + pair.error().text);
    pairs.push_back(std::move(*pair));
  }
  return pairs;
}

}  // namespace weir::config
