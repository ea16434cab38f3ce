#include "session/startup_parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace weir::session {

namespace {

// Followed by PgBouncer 1.26 whatever the configuration says.
constexpr std::array<std::string_view, 10> kTracked{
    "application_name", "client_encoding", "datestyle", "default_transaction_read_only",
    "intervalstyle", "scram_iterations", "search_path", "session_authorization",
    "standard_conforming_strings", "timezone"};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::any_of(names, [name](const auto& n) { return lower(n) == lower(name); });
}

// Appended to application_name, so that pg_stat_activity tells where a client really is.
std::string host_suffix(const Peer& peer) {
  if (!peer.process.empty()) return fmt::format(" - unix({}):{}", peer.process, peer.port);
  const bool v6 = peer.address.find(':') != std::string::npos;
  return v6 ? fmt::format(" - [{}]:{}", peer.address, peer.port)
            : fmt::format(" - {}:{}", peer.address, peer.port);
}

void add_host(wire::Parameters& parameters, const Peer& peer) {
  constexpr std::string_view kName = "application_name";
  const auto given = std::ranges::find_if(
      parameters, [kName](const auto& entry) { return lower(entry.first) == kName; });
  const std::string name = given == parameters.end() ? "app" : given->second;
  wire::set_parameter(parameters, kName, name + host_suffix(peer));
}

}  // namespace

bool pgbouncer_tracks(const config::Settings& settings, std::string_view name) {
  return std::ranges::find(kTracked, lower(name)) != kTracked.end() ||
         contains(settings.track_extra_parameters, name);
}

Result<wire::Parameters> startup_parameters(const wire::Startup& asked, const Peer& peer,
                                            const config::Config& config) {
  const config::Settings& settings = config.settings;
  const auto& ignored = settings.ignore_startup_parameters;
  wire::Parameters wanted;
  for (const auto& [name, value] : asked.settings) {
    if (contains(ignored, name)) continue;
    const bool in_options = contains(asked.option_names, name);
    if (!pgbouncer_tracks(settings, name)) {
      if (in_options && contains(ignored, "options")) continue;
      if (config.weir.strict)
        return fail(fmt::format("unsupported startup parameter{}: {}",
                                in_options ? " in options" : "", name));
    }
    wanted.emplace_back(name, value);
  }
  if (settings.application_name_add_host) add_host(wanted, peer);
  return wanted;
}

}  // namespace weir::session
