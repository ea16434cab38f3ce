// Every error that Weir itself sends: SQLSTATE, PgBouncer's text, and a hint where one helps.
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "wire/write.h"

namespace weir::session {

enum class Fault : std::uint8_t {
  NoSuchDatabase, DatabaseDisabled, AuthenticationFailed, TooManyClients, TooManyDbClients,
  TooManyUserClients, UnsupportedStartup, BadPacket, NotAllowed, QueryWaitTimeout, QueryTimeout,
  IdleTransactionTimeout, TransactionTimeout, ClientIdleTimeout, ClientLoginTimeout,
  ClientLoginTimeoutServerDown, ServerLoginFailing, ServerLoginFailed, ServerCrashed,
  ShuttingDown, ServerShuttingDown, AdminDisconnect, DatabaseRemoved, ConfigurationChanged,
  StatementMode, DuplicateStatement, UnknownStatement, SettingsNotApplied, UnknownMessage,
  SimpleQueryDisallowed, TooLarge, UnencryptedAfterSsl, TlsRequired, TlsWithoutAlpn,
  TooManyRequests, NoSuchUser, ConfigError, NoLoginMethod, LoginRejected, PeerLoginFailed,
  CertLoginFailed, PamLoginFailed, LdapLoginFailed, LoginQueueFull,
};

struct FaultInfo {
  Fault fault;
  std::string_view sqlstate;
  std::string_view text;  // empty where the caller gives it
  std::string_view hint;
};

const FaultInfo& info(Fault fault);

// The table's text; `text` replaces it or, where it ends in a space, completes it.
std::string fault_text(Fault fault, std::string_view text = {});

// PgBouncer's text for a message whose header cannot be right: its first bytes.
std::string bad_header(Bytes message);
// The log's line at the end of a connection.
std::string closing_text(std::string_view reason, Instant connected, Instant now);

// What PostgreSQL answers to DEALLOCATE in this transaction state.
void append_deallocated(wire::Buffer& out, char status);

// What a client is told before it is closed. `strict`: with PgBouncer's SQLSTATE for everything,
// and no hint. The report points into `message`.
wire::Report fatal_report(Fault fault, std::string_view message, bool strict);

}  // namespace weir::session
