#include "admin/command.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <system_error>

#include "admin/show.h"
#include "base/check.h"

namespace weir::admin {

namespace {

using Kind = Command::Kind;

// PgBouncer's limits: beyond them a command of the right form is "bad arguments".
constexpr std::size_t kNameMax = 15;
constexpr std::size_t kArgumentMax = 63;
constexpr std::size_t kValueMax = 255;
// How much of an invalid command is repeated in the answer.
constexpr std::size_t kEchoMax = 4000;

constexpr std::array<std::string_view, 5> kFakeSettings{
    "client_encoding", "datestyle", "extra_float_digits", "standard_conforming_strings",
    "timezone"};

enum class Takes { Nothing, Database, Object, Client, Wait };

struct Verb {
  std::string_view name;
  Kind kind;
  Takes takes;
};

// SELECT repeats SHOW for drivers' probes such as `SELECT version`.
constexpr std::array kVerbs{
    Verb{"show", Kind::Show, Takes::Object},
    Verb{"select", Kind::Show, Takes::Object},
    Verb{"pause", Kind::Pause, Takes::Database},
    Verb{"resume", Kind::Resume, Takes::Database},
    Verb{"kill", Kind::Kill, Takes::Database},
    Verb{"kill_client", Kind::KillClient, Takes::Client},
    Verb{"disable", Kind::Disable, Takes::Database},
    Verb{"enable", Kind::Enable, Takes::Database},
    Verb{"reconnect", Kind::Reconnect, Takes::Database},
    Verb{"wait_close", Kind::WaitClose, Takes::Database},
    Verb{"reload", Kind::Reload, Takes::Nothing},
    Verb{"shutdown", Kind::Shutdown, Takes::Wait},
};

std::string lower(std::string_view text) {
  std::string low(text);
  for (char& c : low)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return low;
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// Takes tokens from the front of a text, and the blanks before each.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  // A bare word or one in double quotes.
  std::optional<std::string> word() {
    if (auto name = quoted('"')) return name;
    const auto end = std::ranges::find_if_not(rest_, is_word);
    const auto size = static_cast<std::size_t>(end - rest_.begin());
    if (size == 0) return std::nullopt;
    std::string name(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return name;
  }

  std::optional<std::string> value() {
    if (auto string = quoted('\'')) return string;
    return word();
  }

  // `=` or the word TO.
  bool assignment() {
    if (symbol('=')) return true;
    const bool quote = rest_.starts_with('"');
    const auto to = quote ? std::nullopt : word();
    return to && lower(*to) == "to";
  }

  bool symbol(char c) {
    skip_blanks();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // At most a semicolon is left.
  bool end() {
    symbol(';');
    skip_blanks();
    return rest_.empty();
  }

 private:
  void skip_blanks() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
  }

  // Text in quotes, where a doubled quote stands for one.
  std::optional<std::string> quoted(char quote) {
    skip_blanks();
    if (!rest_.starts_with(quote)) return std::nullopt;
    std::string text;
    for (std::size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == quote) {
        const bool doubled = i + 1 < rest_.size() && rest_[i + 1] == quote;
        if (!doubled) {
          rest_.remove_prefix(i + 1);
          return text;
        }
        ++i;
      }
      text.push_back(rest_[i]);
    }
    return std::nullopt;
  }

  std::string_view rest_;
};

Command invalid(std::string_view text) {
  return {.kind = Kind::Invalid,
          .error = fmt::format("invalid command '{}', use SHOW HELP;", text.substr(0, kEchoMax))};
}

Command bad_arguments() { return {.kind = Kind::Invalid, .error = "bad arguments"}; }

// The decimal `id` or the hexadecimal `ptr` of SHOW CLIENTS; 0 when it is neither.
std::uint64_t client_number(std::string_view text) {
  const bool hexadecimal = text.starts_with("0x");
  if (hexadecimal) text.remove_prefix(2);
  std::uint64_t number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, hexadecimal ? 16 : 10);
  return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

Command parse_set(Scanner& in, std::string_view text) {
  auto key = in.word();
  if (!key || !in.assignment()) return invalid(text);
  auto value = in.value();
  if (!value || !in.end()) return invalid(text);
  if (key->size() > kArgumentMax || value->size() > kValueMax) return bad_arguments();
  const bool fake = std::ranges::find(kFakeSettings, lower(*key)) != kFakeSettings.end();
  return {.kind = fake ? Kind::FakeSet : Kind::Set, .key = std::move(*key),
          .value = std::move(*value)};
}

// False when the verb does not take such an argument.
bool take(const Verb& verb, const std::optional<std::string>& argument, Command& command) {
  switch (verb.takes) {
    case Takes::Nothing: return !argument;
    case Takes::Database: command.database = argument.value_or(""); return true;
    case Takes::Object:
      command.what = lower(argument.value_or(""));
      return is_shown(command.what);
    case Takes::Client: command.client = client_number(argument.value_or("")); return true;
    case Takes::Wait:
      if (!argument) return true;
      if (lower(*argument) == "wait_for_servers") command.wait = Command::Wait::Servers;
      if (lower(*argument) == "wait_for_clients") command.wait = Command::Wait::Clients;
      return command.wait != Command::Wait::Now;
  }
  ASSERT(false);
}

}  // namespace

Command parse_command(std::string_view text) {
  Scanner in(text);
  const auto name = in.word();
  if (!name) return invalid(text);
  if (lower(*name) == "set") return parse_set(in, text);
  const auto argument = in.word();
  if (!in.end()) return invalid(text);
  if (name->size() > kNameMax || (argument && argument->size() > kArgumentMax))
    return bad_arguments();
  const auto verb = std::ranges::find(kVerbs, lower(*name), &Verb::name);
  if (verb == kVerbs.end()) return invalid(text);
  Command command{.kind = verb->kind};
  return take(*verb, argument, command) ? command : invalid(text);
}

std::string tag(const Command& command) {
  switch (command.kind) {
    case Kind::Show: return "SHOW";
    case Kind::Pause: return "PAUSE";
    case Kind::Resume: return "RESUME";
    case Kind::Kill: return "KILL";
    case Kind::KillClient: return "KILL_CLIENT";
    case Kind::Disable: return "DISABLE";
    case Kind::Enable: return "ENABLE";
    case Kind::Reconnect: return "RECONNECT";
    case Kind::WaitClose: return "WAIT_CLOSE";
    case Kind::Reload: return "RELOAD";
    case Kind::Shutdown: return "SHUTDOWN";
    case Kind::Set: return fmt::format("SET {}={}", command.key, command.value);
    case Kind::FakeSet: return "SET";
    case Kind::Invalid: break;
  }
  ASSERT(false);
}

std::string log_line(const Command& command) {
  constexpr Kind kSilent[] = {Kind::Invalid, Kind::Show, Kind::Set, Kind::FakeSet,
                              Kind::KillClient};
  if (std::ranges::find(kSilent, command.kind) != std::end(kSilent)) return {};
  std::string line = tag(command);
  if (!command.database.empty()) line += fmt::format(" '{}'", command.database);
  if (command.wait == Command::Wait::Clients) line += " WAIT_FOR_CLIENTS";
  if (command.wait == Command::Wait::Servers) line += " WAIT_FOR_SERVERS";
  return line + " command issued";
}

}  // namespace weir::admin
