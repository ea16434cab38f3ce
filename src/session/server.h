// A server connection as the core knows it. Owned by the Engine's slab.
#pragma once

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "auth/login.h"
#include "pool/slot.h"
#include "session/requests.h"
#include "session/settings.h"
#include "session/stall.h"
#include "session/statements.h"
#include "session/tls_facts.h"
#include "wire/framer.h"
#include "wire/write.h"

namespace weir::session {

struct Client;

// Whether and how a connection replicates.
enum class Replicates : std::uint8_t { No, Physical, Logical };

// Stands for the owner of an unnamed statement that no client here is.
inline constexpr ClientId kStranger = {.index = ClientId::kNone - 1, .generation = 0};

enum class ServerPhase : std::uint8_t {
  Connecting,  // no connection yet
  Login,       // startup packet sent, up to the first ReadyForQuery
  Setup,       // runs connect_query
  Ready,       // serves
  Canceling,   // carries a cancel request: nothing is read but its end
};

// How much of a server's message must be there before it is looked at.
struct ServerWants {
  static constexpr std::size_t kReport = 16 * 1024;  // of an ErrorResponse
  static std::size_t want(std::uint8_t type, std::size_t total);
};

// Where a server is, as the configuration names it. Addresses are resolved by whoever connects.
struct Endpoint {
  std::string host;  // empty or beginning with / or @: a Unix socket directory
  std::uint16_t port = 0;
  bool is_unix() const { return host.empty() || host.front() == '/' || host.front() == '@'; }
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

// What a server in ServerPhase::Setup is being asked.
enum class Setup : std::uint8_t {
  Query,     // connect_query
  Rollback,  // of a transaction that it has left open
  Inquiry,   // which settings it has left
};

// How far a connection that is to be encrypted has got.
enum class Encryption : std::uint8_t {
  None,     // it is not
  Asked,    // an SSLRequest was sent
  Shaking,  // the handshake goes on
  Done,
};

// The clean-up of a server whose client left in the middle.
enum class Rescue : std::uint8_t {
  None,
  Draining,     // waits for the answers to what the client had sent
  RollingBack,  // the transaction is being rolled back
  Resetting,    // server_reset_query runs
};

struct Server : pool::ServerSlot {
  explicit Server(ServerId the_id) : pool::ServerSlot(the_id) {}

  ServerPhase phase = ServerPhase::Connecting;
  Setup setup = Setup::Query;
  Encryption encryption = Encryption::None;
  char status = 'I';          // of the last ReadyForQuery
  bool unsynced = false;      // extended messages were sent and no Sync after them
  bool skipping = false;      // an error was seen: the server skips to the client's Sync
  bool copy_in = false;       // reads COPY data
  bool copy_data = false;     // has been sent some of it
  bool settings_touched = false;  // a statement may have changed session settings
  bool schema_touched = false;    // a statement may have changed a schema
  bool doubtful = false;      // its state is not known for certain: closed instead of released
  bool pooler_error = false;  // the pooler's own query at the head of the queue has failed
  bool said_fatal = false;    // has told its client why it is going away
  bool deallocating = false;  // a Query in the queue may end every prepared statement
  bool unread = false;        // given to its client, which has not been read since
  bool querying = false;      // a query of its client has begun and has no ReadyForQuery yet
  bool held = false;          // messages of the client wait for an answer to us
  bool told_types = false;    // its client has half of a Describe's answer: the parameters' types
  bool forwarding = false;    // the rest of the message in progress goes to the client
  bool restoring = false;     // what comes is the result of a statement behind the client's own
  bool row_open = false;      // a row of the pooler's own query is coming in
  bool place_taken = false;   // counts no more: its place in the pool is another's
  Replicates replicates = Replicates::No;
  Rescue rescue = Rescue::None;
  unsigned cancels = 0;       // cancel connections in flight against it
  Client* client = nullptr;
  std::uint32_t unnamed_version = 0;  // which of its owner's
  ClientId unnamed_owner;     // whose unnamed statement it holds; invalid: it holds none
  Requests requests;
  std::uint64_t pushed = 0;    // requests ever
  std::uint64_t boundary = 0;  // of them, up to the client's last that ends with ReadyForQuery
  std::uint64_t unnamed_at = 0;  // of them, the last that makes or ends the unnamed statement
  // Of them, the last that makes state which no other server can be given; 0: it holds none.
  std::uint64_t pinned_at = 0;
  std::size_t changes = 0;     // of the client's names, by requests behind that
  std::size_t defining = 0;    // requests in the queue that make or end a statement of ours
  wire::Framer<ServerWants> framer;
  SettingsRef base;           // what connect_query has set on it
  SettingsRef settings;       // in force on the server, those included
  SettingsRef applying;       // asked for by the Apply in the queue
  wire::Parameters reported;  // its parameter reports
  wire::Parameters answer;    // rows of the pooler's own Inquire so far
  std::string row;            // a row of it that came in pieces
  std::vector<std::string> custom_names;  // settings that pg_settings does not list
  ServerStatements statements;
  std::vector<std::uint64_t> stale;  // statements it holds with plans that no longer fit
  std::deque<Refusal> refused;       // of the Refuse entries in the queue
  std::string reset_portal;  // whose statement has this behind it: see restoring_sql()
  std::string restoring_sql;
  std::string reset_text;    // session mode: of the unnamed statement, where it takes settings back
  wire::Buffer batch;  // what was sent for the requests in the queue, where it may be sent again
  std::string pooler_sqlstate;       // of the error behind pooler_error, and its text
  std::string pooler_message;
  std::unique_ptr<auth::ServerLogin> login;
  Endpoint endpoint;
  std::uint64_t epoch = 0;    // of its engine when it was opened
  std::uint32_t pid = 0;
  std::string cancel_key;
  std::unique_ptr<TlsFacts> tls;  // only with Encryption::Done
  Stall stall;
  Instant login_start{};
  Instant query_start{};
  Instant last_ready{};
  Instant xact_start{};
  std::string local_address;
  std::uint16_t local_port = 0;

  ClientId replicates_for;  // whom it was opened for

  void start_query(Instant now) {
    query_start = now;
    stall.restart(now);
  }
  // Whether its client has it to the end, whatever the pool mode.
  bool is_kept() const { return pinned_at != 0 || replicates != Replicates::No; }

  // A cancel connection: what it cancels and who asked, here or on another worker.
  ServerId cancel_target;
  ClientId cancel_asker;
  int cancel_asker_worker = -1;

  // Whether its client is owed a ReadyForQuery by what is still to be answered.
  bool owes_ready() const { return boundary > pushed - requests.size(); }
  // Whether it holds this statement with a plan that no longer fits.
  bool is_stale(std::uint64_t statement) const {
    return !stale.empty() && std::ranges::find(stale, statement) != stale.end();
  }
  // Whether it works for its client: not while settings are being applied or asked for, even if the
  // client's query is behind.
  bool has_own_request() const;
  // Whether a part of the pipeline before the current one makes or ends this statement.
  bool is_being_defined(std::uint64_t statement) const;
};

// Notes what a ParameterStatus says; false where its body is malformed.
bool read_parameter(Server& s, Bytes body);

}  // namespace weir::session
