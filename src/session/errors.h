// Every error that Weir itself sends: SQLSTATE, PgBouncer's text, and a hint where one helps.
#pragma once

#include <string>
#include <string_view>

#include "wire/write.h"

namespace weir::session {

enum class Fault : std::uint8_t {
  NoSuchDatabase, DatabaseDisabled, AuthenticationFailed, TooManyClients, TooManyDbClients,
  TooManyUserClients, UnsupportedStartup, BadPacket, NotAllowed, QueryWaitTimeout, QueryTimeout,
  IdleTransactionTimeout, TransactionTimeout, ClientIdleTimeout, ClientLoginTimeout,
  ClientLoginTimeoutServerDown, ServerLoginFailing, ServerLoginFailed, ServerCrashed,
  ShuttingDown, ServerShuttingDown, AdminDisconnect, DatabaseRemoved, ConfigurationChanged,
  StatementMode, DuplicateStatement, SettingsNotApplied, UnknownMessage, TooLarge,
  UnencryptedAfterSsl, TlsRequired, TlsWithoutAlpn, TooManyRequests, NoSuchUser, ConfigError,
  NoLoginMethod, LoginRejected, PeerLoginFailed, CertLoginFailed, PamLoginFailed, LdapLoginFailed,
  LoginQueueFull,
};

struct FaultInfo {
  Fault fault;
  std::string_view sqlstate;
  std::string_view text;  // empty where the caller gives it
  std::string_view hint;
};

const FaultInfo& info(Fault fault);

// A FATAL ErrorResponse; `text` replaces or, where the table's text ends in a space, completes it.
void append_fatal(wire::Buffer& out, Fault fault, std::string_view text = {});

// The text that append_fatal() sends, for logs.
std::string fault_text(Fault fault, std::string_view text = {});

// What PostgreSQL answers to DEALLOCATE in this transaction state.
void append_deallocated(wire::Buffer& out, char status);

}  // namespace weir::session
