// A client's connection as the core knows it. Owned by the Engine's slab; small, since most of
// ten thousand clients are idle: what only some need hangs on a pointer.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "auth/digest.h"
#include "auth/hba.h"
#include "auth/login.h"
#include "pool/ledger.h"
#include "pool/slot.h"
#include "session/console_session.h"
#include "session/errors.h"
#include "session/login_method.h"
#include "session/secret_cache.h"
#include "session/settings.h"
#include "session/statements.h"
#include "session/tls_facts.h"
#include "wire/framer.h"
#include "wire/startup.h"
#include "wire/write.h"

namespace weir::session {

struct Server;
enum class Replicates : std::uint8_t;

// The process that a Unix socket was connected by, as the kernel knows it.
struct UnixPeer {
  std::uint32_t pid = 0;
  std::uint32_t uid = 0;
  bool same_user = false;  // it runs as the same system user as we
};

// Where a client comes from, as SHOW CLIENTS and the log print it. For a Unix socket `address` is
// "unix" and the port the listener's.
struct Peer {
  std::string address;
  std::uint16_t port = 0;
  std::string local_address;
  std::uint16_t local_port = 0;
  std::optional<UnixPeer> unix_peer = {};  // of a Unix socket
  auth::Nearness nearness = auth::Nearness::Unknown;  // known where HBA lines ask for it
  bool tls = false;  // its connection is encrypted
  std::unique_ptr<TlsFacts> tls_facts = {};  // only where it is
  std::string process = {};  // at the other end of a Unix socket: pid@host; empty for TCP
};

// The key of a cancel request: the pid and the key's first word, and what a long key has behind it.
struct CancelKey {
  std::uint64_t first8;
  std::string_view rest;  // empty but in protocol 3.2
};

enum class ClientPhase : std::uint8_t {
  Startup,  // before its startup packet is complete
  Lookup,   // waits for what auth_query says of its user
  Auth,     // in the exchange of the login method
  Asking,   // somebody is being asked whether it is who it says
  Refused,  // its login has failed; it is told so after auth_failure_delay
  Welcome,  // authenticated; waits for what a server says at login
  Ready,    // sends queries
  Console,  // talks to the admin console
  Cancel,   // carries a cancel request
  Closing,  // told to go; nothing is read any more
};

// How much of a client's message must be there before it is looked at.
struct ClientWants {
  static constexpr std::size_t kScan = 64 * 1024;     // of a Query
  static constexpr std::size_t kNames = 16 * 1024;    // of a Bind: portal and statement
  static constexpr std::size_t kParse = 64 << 20;     // a Parse is kept, so it is seen whole
  static std::size_t want(std::uint8_t type, std::size_t total);
};

// Only while a client logs in.
struct ClientLoginState {
  ClientLoginState() = default;
  ~ClientLoginState() {
    auth::wipe(password);
    if (found) auth::wipe(found->secret);
  }
  ClientLoginState(const ClientLoginState&) = delete;
  ClientLoginState& operator=(const ClientLoginState&) = delete;

  wire::Startup startup;
  LoginMethod method;
  std::shared_ptr<const config::Config> config;  // by which the method was chosen
  std::unique_ptr<auth::ClientLogin> exchange;   // of the methods that it covers
  std::array<std::uint8_t, 4> md5_salt{};
  auth::AuthCode asked = auth::AuthCode::Ok;  // the last request that the exchange has made
  std::string password;                       // of PAM and LDAP
  bool unknown_database = false;  // found out only after the (mock) exchange
  bool own_console = false;       // the console's, of whoever runs this process
  Fault refusal{};                // of a Refused client: what it will be told, and when
  std::string refusal_text;
  Instant refuse_at{};

  // Of a user who is not in auth_file.
  std::string lookup;              // what is asked, as AuthQuery names it
  std::optional<FoundUser> found;  // the answer
  bool found_is_kept = false;      // from an earlier login, so perhaps out of date
  wire::Buffer proof;              // the last password message, while it may be
  std::string failure;             // what the proof was refused with
};

struct Client : pool::ClientSlot {
  explicit Client(ClientId the_id) : pool::ClientSlot(the_id) {}

  ClientPhase phase = ClientPhase::Startup;
  bool copying = false;        // the server has asked it for COPY data
  bool forwarding = false;     // the rest of the message in progress goes to the server
  bool counted = false;        // against max_client_conn
  bool protocol32 = false;
  bool asked_ssl = false;
  bool asked_gss = false;
  bool waits_for_name = false; // its next message waits for the answers to those before
  bool throttled = false;      // not read until the server has answered some of its requests
  bool canceled = false;       // in the queue: its request is answered with an error, not served
  bool told_canceled = false;  // of a request in several messages: the error has been sent
  bool login_while_failing = false;  // it came when its pool could not connect already
  bool has_opened = false;     // replicating: its server connection is on its way
  Replicates replicates{};
  // Neither in nor out yet, and in a pool all the same: client_login_timeout holds.
  bool logs_in() const { return phase == ClientPhase::Welcome || phase == ClientPhase::Lookup; }

  Server* server = nullptr;
  pool::Account* database_account = nullptr;  // where it is counted
  pool::Account* user_account = nullptr;
  std::uint64_t cancel_key = 0;               // pid and first word, as its BackendKeyData says
  std::unique_ptr<std::string> cancel_rest;   // the rest of a long key (protocol 3.2)
  Instant connected{};
  wire::Framer<ClientWants> framer;
  SettingsRef startup;    // what it asked for when it connected
  SettingsRef settings;   // what it has now
  std::unique_ptr<ClientLoginState> login;
  std::unique_ptr<ConsoleSession> console;  // of a console client
  std::unique_ptr<ClientStatements> statements;
  std::uint32_t unnamed_version = 0;     // grows with every change of its unnamed statement
  std::unique_ptr<std::string> unnamed;  // the definition of its unnamed statement; empty: none
  std::unique_ptr<wire::Buffer> backlog;  // bytes that were read before they could be handled
  std::unique_ptr<Peer> peer;
  const std::string* login_user = nullptr;  // as it named itself; interned by the Engine
};

}  // namespace weir::session
