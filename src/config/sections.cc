#include "config/sections.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "config/connection_string.h"
#include "config/text.h"
#include "config/value.h"

namespace weir::config {

namespace {

constexpr std::size_t kLongestDatabaseName = 63;
constexpr int kLargestPeerId = 16383;
constexpr std::string_view kConsole = "pgbouncer";

std::vector<std::string_view> names_of(Section section) {
  std::vector<std::string_view> names;
  for (const Option& option : options(section)) names.push_back(option.name);
  return names;
}

// The words that PgBouncer uses for the key in its own error texts.
std::string_view spoken(std::string_view key) {
  return key == "pool_mode" ? "pool mode" : key;
}

class SectionReader {
 public:
  explicit SectionReader(Draft& draft) : draft_(draft) {}

  void line(const IniLine& line) {
    if (line.kind == IniLine::Kind::Section) return enter(line);
    if (skipping_) return;
    if (!section_) {
      return error(line, fmt::format("value without section: {}: put it below [pgbouncer]",
                                     line.name));
    }
    switch (*section_) {
      case Section::Main: return setting(line, &draft_.config.settings);
      case Section::Weir: return setting(line, &draft_.config.weir);
      case Section::Databases: return database(line);
      case Section::Users: return user(line);
      case Section::Peers: return peer(line);
    }
  }

 private:
  void enter(const IniLine& line) {
    section_ = find_section(line.name);
    skipping_ = !section_;
    if (skipping_) {
      const std::vector<std::string_view> names{"pgbouncer", "databases", "users", "peers", "weir"};
      return error(line, fmt::format("invalid section \"{}\" in configuration ({}:{}){}", line.name,
                                     line.place.file, line.place.line,
                                     did_you_mean(trim(line.name), names)));
    }
    if (section_ == Section::Main) reset_main(line);
  }

  // As PgBouncer does: each [pgbouncer] header sets every key that has a default back to it.
  void reset_main(const IniLine& line) {
    const Settings pristine;
    std::vector<std::string_view> lost;
    for (const Option& option : options(Section::Main)) {
      if (!option.default_text || !draft_.is_set(Section::Main, option.name)) continue;
      option.set(&draft_.config.settings, option.get(&pristine));
      draft_.places.erase(Draft::key(Section::Main, option.name));
      lost.push_back(option.name);
    }
    if (lost.empty()) return;
    warning(line, fmt::format("another [pgbouncer] header sets back what was set above it: {}; "
                              "join the two sections", fmt::join(lost, ", ")));
  }

  void setting(const IniLine& line, Owner owner) {
    const Option* option = find_option(*section_, line.name);
    if (option == nullptr) {
      return error(line, fmt::format("unknown parameter: {}/{}{}", section_name(*section_),
                                     line.name, did_you_mean(line.name, names_of(*section_))));
    }
    note_place(line);
    auto parsed = parse_value(*option, line.value);
    if (!parsed) {
      return error(line, fmt::format("invalid value \"{}\" for parameter {} in configuration "
                                     "({}:{}): {}", line.value, line.name, line.place.file,
                                     line.place.line, parsed.error().text));
    }
    if (!parsed->warning.empty()) {
      warning(line, fmt::format("{} = {} {}", line.name, line.value, parsed->warning));
    }
    option->set(owner, std::move(parsed->value));
  }

  void database(const IniLine& line) {
    if (line.name == kConsole) {
      return warning(line, "database name \"pgbouncer\" is reserved: the entry is ignored, since "
                           "this name is the console's; give the database another name");
    }
    if (line.name.size() > kLongestDatabaseName) {
      return error(line, fmt::format("too long db name: {}: at most {} bytes are possible",
                                     line.name, kLongestDatabaseName));
    }
    Database db;
    db.name = line.name;
    pairs(line, &db, "unrecognized connection parameter");
    check_hosts(line, db.hosts);
    if (db.password && !db.user) {
      warning(line, fmt::format("database {} has a password without a user: it is not used",
                                line.name));
    }
    note_place(line);
    const bool is_fallback = line.name == "*";
    if (is_fallback) {
      draft_.config.fallback = std::move(db);
      return;
    }
    if (db.dbname.empty()) db.dbname = line.name;
    draft_.config.databases.insert_or_assign(line.name, std::move(db));
  }

  void user(const IniLine& line) {
    if (line.name.size() > auth::kUserSizeMax) {
      return error(line, fmt::format("too long user name: {}: at most {} bytes are possible",
                                     line.name, auth::kUserSizeMax));
    }
    User user;
    user.name = line.name;
    pairs(line, &user, "unrecognized user parameter");
    note_place(line);
    draft_.config.users.insert_or_assign(line.name, std::move(user));
  }

  void peer(const IniLine& line) {
    Peer peer;
    const char* end = line.name.data() + line.name.size();
    const auto [read_to, failure] = std::from_chars(line.name.data(), end, peer.id);
    if (failure != std::errc{} || read_to != end || peer.id < 1 || peer.id > kLargestPeerId) {
      return error(line, fmt::format("ids of peers must be a number larger than 0 and at most {}",
                                     kLargestPeerId));
    }
    pairs(line, &peer, "unrecognized connection parameter");
    if (peer.hosts.empty()) {
      error(line, fmt::format("host was not provided for peer {}", peer.id));
    }
    check_hosts(line, peer.hosts);
    note_place(line);
    draft_.config.peers.insert_or_assign(peer.id, std::move(peer));
  }

  void pairs(const IniLine& line, Owner owner, std::string_view unknown) {
    const auto pairs = parse_connection_string(line.value);
    if (!pairs) return error(line, fmt::format("{} (entry {})", pairs.error().text, line.name));
    for (const Pair& pair : *pairs) {
      const Option* option = find_option(*section_, pair.key);
      if (option == nullptr) {
        error(line, fmt::format("{}: {}{} (entry {})", unknown, pair.key,
                                did_you_mean(pair.key, names_of(*section_)), line.name));
        continue;
      }
      override_value(line, *option, pair, owner);
    }
  }

  // A text is never wrong, so no error can repeat a password.
  void override_value(const IniLine& line, const Option& option, const Pair& pair, Owner owner) {
    auto parsed = parse_value(option, pair.value);
    if (!parsed) {
      return error(line, fmt::format("invalid {}: {}: {} (entry {})", spoken(pair.key), pair.value,
                                     parsed.error().text, line.name));
    }
    if (!parsed->warning.empty()) {
      warning(line, fmt::format("{}={} {} (entry {})", pair.key, pair.value, parsed->warning,
                                line.name));
    }
    const auto* list = std::get_if<std::vector<std::string>>(&parsed->value);
    if (list != nullptr && list->empty()) {
      return error(line, fmt::format("invalid {}: it lists nothing (entry {})", pair.key,
                                     line.name));
    }
    option.set(owner, std::move(parsed->value));
  }

  void check_hosts(const IniLine& line, const std::vector<std::string>& hosts) {
    for (const auto& host : hosts) {
      if (host.find('=') == std::string::npos) continue;
      warning(line, fmt::format("\"{}\" was read as a host: leave host= out to use the Unix socket "
                                "(entry {})", host, line.name));
    }
  }

  void note_place(const IniLine& line) {
    const auto [at, is_new] =
        draft_.places.try_emplace(Draft::key(*section_, line.name), line.place);
    if (is_new) return;
    warning(line, fmt::format("{} was already set in {}:{}: this one counts", line.name,
                              at->second.file, at->second.line));
    at->second = line.place;
  }

  void error(const IniLine& line, std::string text) {
    draft_.problem(Severity::Error, line.place, std::move(text));
  }
  void warning(const IniLine& line, std::string text) {
    draft_.problem(Severity::Warning, line.place, std::move(text));
  }

  Draft& draft_;
  std::optional<Section> section_;
  bool skipping_ = false;
};

}  // namespace

void apply_lines(const std::vector<IniLine>& lines, Draft& draft) {
  SectionReader reader(draft);
  for (const IniLine& line : lines) reader.line(line);
}

}  // namespace weir::config
