#include "session/errors.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/check.h"

namespace weir::session {

namespace {

using enum Fault;

constexpr std::array kTable = {
    FaultInfo{NoSuchDatabase, "3D000", "no such database: ",
              "Add the database to [databases], or a '*' entry for any name."},
    FaultInfo{DatabaseDisabled, "57P03", "", ""},
    FaultInfo{AuthenticationFailed, "28P01", "password authentication failed", ""},
    FaultInfo{TooManyClients, "53300", "no more connections allowed (max_client_conn)",
              "Raise max_client_conn, or let the application open fewer connections."},
    FaultInfo{TooManyDbClients, "53300",
              "client connections exceeded (max_db_client_connections)",
              "Raise max_db_client_connections of this database."},
    FaultInfo{TooManyUserClients, "53300",
              "client connections exceeded (max_user_client_connections)",
              "Raise max_user_client_connections of this user."},
    FaultInfo{UnsupportedStartup, "08P01", "", ""},
    FaultInfo{BadPacket, "08P01", "", ""},
    FaultInfo{NotAllowed, "42501", "not allowed",
              "Only users in admin_users and stats_users may use the console."},
    FaultInfo{QueryWaitTimeout, "57014", "query_wait_timeout",
              "No server connection became free in time: see default_pool_size and "
              "query_wait_timeout."},
    FaultInfo{QueryTimeout, "57014", "query timeout", "The query ran longer than query_timeout."},
    FaultInfo{IdleTransactionTimeout, "25P03", "idle transaction timeout",
              "The transaction was idle longer than idle_transaction_timeout."},
    FaultInfo{TransactionTimeout, "25P04", "transaction timeout",
              "The transaction took longer than transaction_timeout."},
    FaultInfo{ClientIdleTimeout, "57P05", "client_idle_timeout",
              "The connection was idle longer than client_idle_timeout."},
    FaultInfo{ClientLoginTimeout, "57014", "client_login_timeout", ""},
    FaultInfo{ClientLoginTimeoutServerDown, "57P03", "client_login_timeout (server down)", ""},
    FaultInfo{ServerLoginFailing, "57P03", "", ""},
    FaultInfo{ServerLoginFailed, "08006", "", ""},
    FaultInfo{ServerCrashed, "08006", "server conn crashed?", ""},
    FaultInfo{ShuttingDown, "57P01", "pooler is shutting down", ""},
    FaultInfo{ServerShuttingDown, "57P01", "server shutting down", ""},
    FaultInfo{AdminDisconnect, "57P01", "admin forced disconnect", ""},
    FaultInfo{DatabaseRemoved, "57P01", "database removed", ""},
    FaultInfo{ConfigurationChanged, "57P01", "database configuration changed", ""},
    FaultInfo{StatementMode, "0A000",
              "transaction blocks not allowed in statement pooling mode",
              "Use pool_mode = transaction for this database or user."},
    FaultInfo{DuplicateStatement, "42P05", "prepared statement name is already in use", ""},
    FaultInfo{UnknownStatement, "26000", "prepared statement did not exist", ""},
    FaultInfo{SettingsNotApplied, "08006", "invalid server parameter", ""},
    FaultInfo{UnknownMessage, "08P01", "unknown pkt", ""},
    FaultInfo{SimpleQueryDisallowed, "08P01", "PQexec disallowed",
              "disable_pqexec allows the extended query protocol only."},
    FaultInfo{TooLarge, "54000", "", ""},
    FaultInfo{UnencryptedAfterSsl, "08P01", "received unencrypted data after SSL request", ""},
    FaultInfo{TlsRequired, "28000", "SSL required",
              "client_tls_sslmode lets clients in only with TLS."},
    FaultInfo{TlsWithoutAlpn, "08P01",
              "received direct SSL connection request without ALPN protocol negotiation extension",
              "The client has to offer the protocol postgresql, as libpq 17 does."},
    FaultInfo{NoSuchUser, "28000", "no such user", ""},
    FaultInfo{ConfigError, "F0000", "bouncer config error",
              "The pooler's log names the cause: see auth_query, auth_user and auth_dbname."},
    FaultInfo{TooManyRequests, "54000", "too many statements in one pipeline without Sync", ""},
    FaultInfo{NoLoginMethod, "28000", "no authentication method is found",
              "No line of auth_hba_file fits this database, user, address and encryption."},
    FaultInfo{LoginRejected, "28000", "login rejected", ""},
    FaultInfo{PeerLoginFailed, "28000", "unix socket login rejected",
              "The system user must have the same name, or a line in the map of auth_ident_file."},
    FaultInfo{CertLoginFailed, "28000", "certificate authentication failed", ""},
    FaultInfo{PamLoginFailed, "28000", "PAM authentication failed", ""},
    FaultInfo{LdapLoginFailed, "28000", "LDAP authentication failed", ""},
    FaultInfo{LoginQueueFull, "53300", "too many logins are being verified",
              "PAM or LDAP answers slower than logins come in. Try again later."},
};

}  // namespace

const FaultInfo& info(Fault fault) {
  const auto it =
      std::ranges::find_if(kTable, [fault](const FaultInfo& i) { return i.fault == fault; });
  ASSERT(it != kTable.end());
  return *it;
}

std::string fault_text(Fault fault, std::string_view text) {
  const std::string_view base = info(fault).text;
  if (text.empty()) return std::string(base);
  return base.ends_with(' ') ? std::string(base) + std::string(text) : std::string(text);
}

wire::Report fatal_report(Fault fault, std::string_view message, bool strict) {
  const FaultInfo& i = info(fault);
  return {.severity = "FATAL", .sqlstate = strict ? "08P01" : i.sqlstate, .message = message,
          .detail = {}, .hint = strict ? "" : i.hint};
}

std::string bad_header(Bytes message) {
  constexpr std::size_t kShown = 8;
  return fmt::format("bad packet header: '{:02x}'",
                     fmt::join(message.first(std::min(message.size(), kShown)), ""));
}

std::string closing_text(std::string_view reason, Instant connected, Instant now) {
  return fmt::format("closing because: {} (age={}s)", reason,
                     std::chrono::duration_cast<std::chrono::seconds>(now - connected).count());
}

void append_deallocated(wire::Buffer& out, char status) {
  if (status == 'E') {
    wire::append_error(out, {.sqlstate = "25P02",
                             .message = "current transaction is aborted, commands ignored until "
                                        "end of transaction block"});
  } else {
    wire::append_command_complete(out, "DEALLOCATE");
  }
  wire::append_ready(out, status);
}

}  // namespace weir::session
