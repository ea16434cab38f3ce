// What a line typed at the console asks for: text to a value, and the value's tag.
// Pure; knows neither the configuration nor the state of the pooler (see refusal.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weir::admin {

struct Command {
  enum class Kind : std::uint8_t {
    Show, Pause, Resume, Kill, KillClient, Disable, Enable, Reconnect, WaitClose, Reload, Shutdown,
    Set,
    FakeSet,  // a setting that drivers send on their own: accepted, without effect
    Invalid,
  };
  enum class Wait : std::uint8_t { Now, Servers, Clients };

  Kind kind = Kind::Invalid;
  std::string what = {};      // SHOW's object, lower case; one that render_show() knows
  std::string database = {};  // empty: all
  std::string key = {}, value = {};
  Wait wait = Wait::Now;     // of Shutdown
  std::uint64_t client = 0;  // of KillClient: SocketRow::id, 0 when no number was given
  std::string error = {};    // of Invalid: the exact text
};

// One command, its words in any case, with or without a semicolon. A database's name may stand
// in double quotes, a value of SET in single or double ones.
Command parse_command(std::string_view text);

// What CommandComplete says, for all kinds but Invalid.
std::string tag(const Command& command);
// What the log says of it; empty: nothing.
std::string log_line(const Command& command);

}  // namespace weir::admin
