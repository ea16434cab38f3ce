#include "cli/pooler_files.h"

#include <fmt/format.h>

#include <string_view>

namespace weir::cli {

namespace {

constexpr std::string_view kWrittenAnew =
    "; `weir up` writes this file anew at each start; delete this line to keep what you change.\n";

// The arguments: server host, server port, pooler port, user list, user, HTTP port.
constexpr std::string_view kConfig = R"(
[databases]
; Every database of the private server.
* = host='{0}' port={1}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {2}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {3}
admin_users = {4}

; A server connection is a client's for one transaction.
pool_mode = transaction
default_pool_size = 20
max_client_conn = 100

[weir]
; Metrics, health and the JSON API: http://127.0.0.1:{5}/
http_port = {5}
)";

// Inside single quotes, of a connection string.
std::string doubled(std::string_view text, char quote) {
  std::string out;
  for (const char c : text) out.append(c == quote ? 2 : 1, c);
  return out;
}

}  // namespace

Result<void> write_pooler_files(const StateFolder& folder, const PoolerSetup& setup) {
  const auto users = folder.write(
      kUserList,
      fmt::format("\"{}\" \"{}\"\n", doubled(setup.user, '"'), doubled(setup.secret, '"')));
  if (!users) return users;
  const auto present = folder.read(kPoolerConfig);
  if (present && !present->starts_with(kWrittenAnew)) return {};
  const auto config = fmt::format(kConfig, doubled(setup.server_host, '\''), setup.server_port,
                                  setup.port, folder.file(kUserList), setup.user,
                                  setup.http_port);
  return folder.write(kPoolerConfig, std::string(kWrittenAnew) + config);
}

}  // namespace weir::cli
