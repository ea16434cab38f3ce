#include "instant_plan.h"

#include <array>
#include <cctype>
#include <charconv>
#include <utility>

namespace weir::bench {
namespace {

struct Word {
  std::string_view word;
  Answer answer;
  Effect effect;
  std::string_view tag;
};

// The most frequent first.
constexpr std::array kWords = std::to_array<Word>({
    {"select", Answer::kRow, Effect::kNone, "SELECT 1"},
    {"begin", Answer::kCommand, Effect::kBegin, "BEGIN"},
    {"commit", Answer::kCommand, Effect::kEnd, "COMMIT"},
    {"set", Answer::kCommand, Effect::kNone, "SET"},
    {"reset", Answer::kCommand, Effect::kNone, "RESET"},
    {"rollback", Answer::kCommand, Effect::kEnd, "ROLLBACK"},
    {"insert", Answer::kCommand, Effect::kNone, "INSERT 0 1"},
    {"update", Answer::kCommand, Effect::kNone, "UPDATE 1"},
    {"delete", Answer::kCommand, Effect::kNone, "DELETE 1"},
    {"rows", Answer::kRows, Effect::kNone, "SELECT"},
    {"copyout", Answer::kCopyOut, Effect::kNone, "COPY"},
    {"copy", Answer::kCopyIn, Effect::kNone, "COPY 0"},
    {"start", Answer::kCommand, Effect::kBegin, "START TRANSACTION"},
    {"end", Answer::kCommand, Effect::kEnd, "COMMIT"},
    {"abort", Answer::kCommand, Effect::kEnd, "ROLLBACK"},
    {"savepoint", Answer::kCommand, Effect::kNone, "SAVEPOINT"},
    {"release", Answer::kCommand, Effect::kNone, "RELEASE"},
    {"discard", Answer::kCommand, Effect::kNone, "DISCARD ALL"},
    {"deallocate", Answer::kCommand, Effect::kNone, "DEALLOCATE"},
    {"with", Answer::kRow, Effect::kNone, "SELECT 1"},
    {"values", Answer::kRow, Effect::kNone, "SELECT 1"},
    {"table", Answer::kRow, Effect::kNone, "SELECT 1"},
    {"show", Answer::kRow, Effect::kNone, "SHOW"},
    {"fetch", Answer::kRow, Effect::kNone, "FETCH 1"},
    {"explain", Answer::kRow, Effect::kNone, "EXPLAIN"},
});

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.';
}
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

void skip_space(std::string_view& text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
}

std::string_view take_word(std::string_view& text) {
  skip_space(text);
  std::size_t size = 0;
  while (size < text.size() && is_word(text[size])) ++size;
  const auto word = text.substr(0, size);
  text.remove_prefix(size);
  return word;
}

bool same_word(std::string_view word, std::string_view lower_case) {
  if (word.size() != lower_case.size()) return false;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (lower(word[i]) != lower_case[i]) return false;
  }
  return true;
}

template <typename Number>
Number take_number(std::string_view& text) {
  const auto word = take_word(text);
  Number value{};
  std::from_chars(word.data(), word.data() + word.size(), value);
  return value;
}

std::uint16_t highest_parameter(std::string_view text) {
  std::uint16_t highest = 0;
  for (std::size_t at = text.find('$'); at != text.npos; at = text.find('$', at + 1)) {
    std::uint16_t number = 0;
    std::from_chars(text.data() + at + 1, text.data() + text.size(), number);
    highest = std::max(highest, number);
  }
  return highest;
}

std::string unquote(std::string_view text) {
  skip_space(text);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  if (text.size() < 2 || text.front() != '\'' || text.back() != '\'') return std::string(text);
  std::string out;
  for (text = text.substr(1, text.size() - 2); !text.empty(); text.remove_prefix(1)) {
    if (text.starts_with("''")) text.remove_prefix(1);
    out.push_back(text.front());
  }
  return out;
}

// SET [SESSION | LOCAL] name { = | TO } value
void read_set(std::string_view rest, Plan& plan) {
  auto name = take_word(rest);
  if (same_word(name, "session") || same_word(name, "local")) name = take_word(rest);
  skip_space(rest);
  if (rest.starts_with('=')) {
    rest.remove_prefix(1);
  } else if (!same_word(take_word(rest), "to")) {
    return;
  }
  plan.setting = name;
  plan.value = unquote(rest);
}

}  // namespace

Plan plan_for(std::string_view statement) {
  auto rest = statement;
  const auto first = take_word(rest);
  Plan plan;
  plan.parameters = highest_parameter(statement);
  if (first.empty()) return plan;
  plan.answer = Answer::kCommand;
  plan.tag = "OK";
  for (const auto& known : kWords) {
    if (!same_word(first, known.word)) continue;
    plan.answer = known.answer;
    plan.effect = known.effect;
    plan.tag = known.tag;
    break;
  }
  if (plan.answer == Answer::kRows || plan.answer == Answer::kCopyOut) {
    plan.rows = take_number<std::uint64_t>(rest);
    plan.row_size = take_number<std::uint32_t>(rest);
  } else if (plan.tag == "SET") {
    read_set(rest, plan);
  } else if (plan.tag == "RESET") {
    plan.setting = take_word(rest);
  } else if (plan.tag == "ROLLBACK" && same_word(take_word(rest), "to")) {
    plan.effect = Effect::kBackToSavepoint;
  }
  return plan;
}

std::string_view take_statement(std::string_view& text) {
  char quote = '\0';
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (quote != '\0') {
      if (c == quote) quote = '\0';
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == ';') {
      const auto statement = text.substr(0, at);
      text.remove_prefix(at + 1);
      return statement;
    }
  }
  return std::exchange(text, {});
}

}  // namespace weir::bench
