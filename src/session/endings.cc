#include "session/endings.h"

#include "base/check.h"

namespace weir::session {

ClientEnd end_of(Fault fault) {
  switch (fault) {
    case Fault::NoSuchDatabase:
    case Fault::DatabaseDisabled:
    case Fault::AuthenticationFailed:
    case Fault::NotAllowed:
    case Fault::TlsRequired:
    case Fault::NoSuchUser:
    case Fault::ConfigError:
    case Fault::NoLoginMethod:
    case Fault::LoginRejected:
    case Fault::PeerLoginFailed:
    case Fault::CertLoginFailed:
    case Fault::PamLoginFailed:
    case Fault::LdapLoginFailed: return ClientEnd::LoginRefused;
    case Fault::TooManyClients:
    case Fault::TooManyDbClients:
    case Fault::TooManyUserClients:
    case Fault::LoginQueueFull: return ClientEnd::Limit;
    case Fault::UnsupportedStartup:
    case Fault::BadPacket:
    case Fault::UnknownMessage:
    case Fault::UnencryptedAfterSsl:
    case Fault::TlsWithoutAlpn: return ClientEnd::Protocol;
    case Fault::QueryWaitTimeout:
    case Fault::QueryTimeout:
    case Fault::IdleTransactionTimeout:
    case Fault::TransactionTimeout:
    case Fault::ClientIdleTimeout:
    case Fault::ClientLoginTimeout:
    case Fault::ClientLoginTimeoutServerDown: return ClientEnd::TimedOut;
    case Fault::ServerLoginFailing:
    case Fault::ServerLoginFailed:
    case Fault::SettingsNotApplied: return ClientEnd::NoServer;
    case Fault::ServerCrashed: return ClientEnd::ServerLost;
    case Fault::ShuttingDown:
    case Fault::ServerShuttingDown: return ClientEnd::Shutdown;
    case Fault::AdminDisconnect:
    case Fault::DatabaseRemoved:
    case Fault::ConfigurationChanged: return ClientEnd::Administrator;
    case Fault::StatementMode:
    case Fault::DuplicateStatement:
    case Fault::UnknownStatement:
    case Fault::SimpleQueryDisallowed:
    case Fault::TooLarge:
    case Fault::TooManyRequests: return ClientEnd::Disallowed;
  }
  ASSERT(false);
}

std::optional<stats::Timeout> timeout_of(Fault fault) {
  if (end_of(fault) != ClientEnd::TimedOut) return std::nullopt;
  if (fault == Fault::QueryWaitTimeout) return stats::Timeout::QueryWait;
  if (fault == Fault::QueryTimeout) return stats::Timeout::Query;
  if (fault == Fault::IdleTransactionTimeout) return stats::Timeout::IdleTransaction;
  if (fault == Fault::TransactionTimeout) return stats::Timeout::Transaction;
  if (fault == Fault::ClientIdleTimeout) return stats::Timeout::ClientIdle;
  return stats::Timeout::ClientLogin;
}

std::string_view text_of(ServerEnd why) {
  switch (why) {
    case ServerEnd::Lifetime: return "server lifetime over";
    case ServerEnd::Idle: return "server idle timeout";
    case ServerEnd::Obsolete: return "obsolete connection";
    case ServerEnd::Paused: return "pause mode";
    case ServerEnd::Oversized: return "pool_size decreased";
    case ServerEnd::Evicted: return "evicted";
    case ServerEnd::Unclear: return "unclear state";
    case ServerEnd::HalfSent: return "client disconnect before everything was sent to the server";
    case ServerEnd::ClientLeft: return "client disconnected with query in progress";
    case ServerEnd::CheckFailed: return "the check query failed";
    case ServerEnd::SettingsRefused: return "invalid server parameter";
    case ServerEnd::Lost: return "server conn crashed?";
    case ServerEnd::Replication: return "replication client was closed";
    case ServerEnd::Removed: return "database removed";
    case ServerEnd::Administrator: return "admin forced disconnect";
    case ServerEnd::CancelRequest: return "cancel done";
    case ServerEnd::Unreachable: return "connect failed";
    case ServerEnd::LoginRefused: return "login failed";
  }
  ASSERT(false);
}

}  // namespace weir::session
