#include "runtime/descriptors.h"

#include <set>
#include <string_view>

#include "net/limits.h"

namespace weir::runtime {

namespace {

// Files, listeners and the like; and the console's pool, which PgBouncer counts.
constexpr std::uint64_t kOthers = 10 + 2;

}  // namespace

std::uint64_t expected_descriptors(const config::Config& config) {
  std::set<std::string_view> users{"pgbouncer"};
  for (const auto& [name, secret] : config.auth_users) users.insert(name);
  for (const auto& [name, entry] : config.databases)
    if (entry.user) users.insert(*entry.user);
  auto sum = static_cast<std::uint64_t>(config.settings.max_client_conn) + kOthers;
  for (const auto& [name, entry] : config.databases) {
    const int size = entry.pool_size.value_or(config.settings.default_pool_size);
    sum += static_cast<std::uint64_t>(size) * (entry.user ? 1 : users.size());
  }
  return sum;
}

void report_descriptors(const config::Config& config, Log& log) {
  const net::FileLimit before = net::file_limit();
  const net::FileLimit after = net::raise_file_limit();
  const std::uint64_t expected = expected_descriptors(config);
  log.print(LogLevel::kLog,
            "kernel file descriptor limit: {} (hard: {}); max_client_conn: {}, max expected fd "
            "use: {}",
            before.soft, before.hard, config.settings.max_client_conn, expected);
  if (after.soft < expected)
    log.print(LogLevel::kWarning,
              "the limit on open files ({}) is below what full pools need ({}): raise it with "
              "ulimit -n or LimitNOFILE=",
              after.soft, expected);
}

}  // namespace weir::runtime
