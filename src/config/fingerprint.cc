#include "config/fingerprint.h"

#include <fmt/format.h>

#include <string_view>

#include "auth/digest.h"
#include "auth/ldap_options.h"
#include "config/options.h"
#include "config/value.h"

namespace weir::config {

namespace {

constexpr std::size_t kBytes = 8;

void append(std::string& text, Section section, std::string_view entry, ConstOwner owner) {
  for (const Option& option : options(section)) {
    if (option.name == "password" || option.name == "http_token") continue;
    std::string value = format_value(option, option.get(owner));
    if (option.name == "auth_ldap_options") value = auth::without_ldap_password(value);
    text += fmt::format("{}/{}/{}={}\n", section_name(section), entry, option.name, value);
  }
}

}  // namespace

std::string fingerprint(const Config& config) {
  std::string text;
  append(text, Section::Main, "", &config.settings);
  append(text, Section::Weir, "", &config.weir);
  for (const auto& [name, database] : config.databases)
    append(text, Section::Databases, name, &database);
  if (config.fallback) append(text, Section::Databases, "*", &*config.fallback);
  for (const auto& [name, user] : config.users) append(text, Section::Users, name, &user);
  for (const auto& [id, peer] : config.peers)
    append(text, Section::Peers, fmt::format("{}", id), &peer);
  const auto digest = auth::sha256(as_bytes(text));
  std::string hex;
  for (const std::uint8_t byte : Bytes(digest).first(kBytes))
    hex += fmt::format("{:02x}", byte);
  return hex;
}

}  // namespace weir::config
