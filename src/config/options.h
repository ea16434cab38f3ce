// The one table of options. From it come parsing, SHOW CONFIG and docs/options.md.
// To add one: a field in settings.h or database.h, a row in option_table_*.cc; tests do the rest.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/config.h"

namespace weir::config {

enum class Section { Main, Weir, Databases, Users, Peers };

enum class Type {
  Bool,     // an integer: 0 is off, all others on
  Int,      // decimal, 0x hexadecimal or 0 octal
  Seconds,  // decimals allowed
  WholeSeconds,
  Milliseconds,
  Text,
  List,    // separated by commas
  Choice,  // one of Option::choices, in any case
};

// What an option does in this version.
enum class Effect {
  Full,
  None,      // accepted, does nothing yet: a Warning when it is not the default
  Needless,  // accepted, nothing to do because Weir does it anyway: a Note
  Obsolete,  // accepted, PgBouncer itself has dropped it: a Warning, and no row in SHOW CONFIG
};

// std::monostate: not set. Numbers, switches, choices (by index) and microseconds are integers.
using Value = std::variant<std::monostate, std::int64_t, std::string, std::vector<std::string>>;

// What an option is a field of.
using Owner = std::variant<Settings*, WeirSettings*, Database*, User*, Peer*>;
using ConstOwner = std::variant<const Settings*, const WeirSettings*, const Database*, const User*,
                                const Peer*>;

struct Option {
  std::string_view name;
  Section section;
  Type type;
  std::optional<std::string_view> default_text;  // none: PgBouncer's NULL, or an override
  std::string_view help;
  bool reloadable = true;
  Effect effect = Effect::Full;
  std::string_view instead = {};  // of Needless: what Weir does, after "Weir"
  std::int64_t min = 0, max = 0;  // of the number as it is written
  bool zero_unsets = false;       // an override of 0 is as if it were not there
  std::span<const std::string_view> choices = {};
  Value (*get)(ConstOwner) = nullptr;
  void (*set)(Owner, Value) = nullptr;
};

// Section by section, sorted by name within each.
std::span<const Option> options();
std::span<const Option> options(Section section);
// Knows the alias reserve_pool; nullptr when there is none.
const Option* find_option(Section section, std::string_view name);
// As it stands between the brackets.
std::string_view section_name(Section section);
std::optional<Section> find_section(std::string_view name);

struct ShownOption {
  std::string key;
  std::optional<std::string> value, default_value;  // none: NULL
  bool changeable;
};
// The rows of SHOW CONFIG, sorted, as PgBouncer prints them.
std::vector<ShownOption> show(const Config& config);

// The page docs/options.md.
std::string reference_markdown();

}  // namespace weir::config
