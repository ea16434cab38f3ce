#include "config/options.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "config/option_table.h"
#include "config/value.h"

namespace weir::config {

namespace {

constexpr std::array<std::pair<Section, std::string_view>, 5> kSections{{
    {Section::Main, "pgbouncer"},
    {Section::Weir, "weir"},
    {Section::Databases, "databases"},
    {Section::Users, "users"},
    {Section::Peers, "peers"},
}};

// An empty text stands for PgBouncer's NULL where that is the default.
std::optional<std::string> shown_value(const Option& option, const Settings& settings) {
  auto text = format_value(option, option.get(&settings));
  if (option.name == "auth_ldap_options") text = auth::without_ldap_password(text);
  if (text.empty() && !option.default_text) return std::nullopt;
  return text;
}

}  // namespace

std::span<const Option> options(Section section) {
  switch (section) {
    case Section::Main: return main_rows();
    case Section::Weir: return weir_rows();
    case Section::Databases: return database_rows();
    case Section::Users: return user_rows();
    case Section::Peers: return peer_rows();
  }
  ASSERT(false);
}

const Option* find_option(Section section, std::string_view name) {
  const bool has_alias = section == Section::Databases || section == Section::Users;
  if (has_alias && name == "reserve_pool") name = "reserve_pool_size";
  const auto rows = options(section);
  const auto at = std::ranges::lower_bound(rows, name, {}, &Option::name);
  return at != rows.end() && at->name == name ? &*at : nullptr;
}

std::string_view section_name(Section section) {
  for (const auto& [known, written] : kSections) {
    if (known == section) return written;
  }
  ASSERT(false);
}

std::optional<Section> find_section(std::string_view name) {
  for (const auto& [section, written] : kSections) {
    if (written == name) return section;
  }
  return std::nullopt;
}

std::vector<ShownOption> show(const Config& config) {
  std::vector<ShownOption> shown;
  for (const Option& option : options(Section::Main)) {
    if (option.effect == Effect::Obsolete) continue;
    std::optional<std::string> default_value;
    if (option.default_text) default_value.emplace(*option.default_text);
    shown.push_back({std::string(option.name), shown_value(option, config.settings),
                     std::move(default_value), option.reloadable});
  }
  return shown;
}

}  // namespace weir::config
