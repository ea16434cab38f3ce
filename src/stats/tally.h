// What happened on one worker, counted by kind: each event in one place of the code, each kind a
// bounded set. What each one means is told in docs/metrics.md. Plain integers; a snapshot copies
// them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "stats/counters.h"
#include "stats/sqlstates.h"

namespace weir::stats {

// The deadlines that were missed, by the option that sets them.
enum class Timeout : std::uint8_t {
  Query, QueryWait, Transaction, IdleTransaction, ClientIdle, ClientLogin, ServerConnect,
  CancelWait,
  OwnQuery,  // a query of the pooler's own: no option sets it
};

// Why a client's connection ended.
enum class ClientEnd : std::uint8_t {
  Closed,         // it said goodbye
  Vanished,       // it did not
  TlsFailed,      // no handshake
  Protocol,       // it broke the protocol
  LoginRefused,   // it may not in
  Limit,          // there is no room for it
  TimedOut,       // see Timeout
  NoServer,       // none can be had
  ServerLost,     // its server went away in the middle
  Disallowed,     // it sent what the configuration does not allow
  Administrator,  // a command of the console, or its database was removed
  Shutdown,       // the pooler stops
  CancelRequest,  // it carried a cancel request, which is over
};

// Why a server's connection ended.
enum class ServerEnd : std::uint8_t {
  Lifetime, Idle, Obsolete, Paused, Oversized, Evicted, Unclear, HalfSent, ClientLeft,
  CheckFailed, SettingsRefused, Lost, Replication, Removed, Administrator, CancelRequest,
  Unreachable,   // it never came to be
  LoginRefused,  // the server did not let us in
};

enum class Cancel : std::uint8_t {
  Asked,      // by clients, with a key of whatever process
  Sent,       // to a server, those for clients that left included
  Forwarded,  // to another process of the group
  Waiting,    // of a query that waited for a server, and was answered here
  Nothing,    // there was nothing to cancel
  Lost,       // it did not reach the server
};

// Of statements that a client uses by name.
enum class Prepared : std::uint8_t {
  Hit,       // its server had it
  Miss,      // it was sent to the server first
  Eviction,  // it had to make room on a server
  Stale,     // it was prepared anew, since its plan no longer fitted the schema
};

enum class Replay : std::uint8_t {
  Applied,  // settings were sent to a server in front of a client's message
  Asked,    // a server was asked which settings a client had left
};

// Why a client keeps its server.
enum class Pin : std::uint8_t {
  SessionObject,  // temporary table, WITH HOLD, LISTEN, session advisory lock, LOAD, ...
  Prepare,        // SQL's PREPARE or EXECUTE
  ComputedName,   // it set a setting whose name its text computes
};

enum class HandOver : std::uint8_t { Given, Taken };
enum class Handshake : std::uint8_t { ClientDone, ClientFailed, ServerDone, ServerFailed };

template <typename Kind, std::size_t N>
class Counts {
 public:
  std::uint64_t& operator[](Kind kind) { return all_[static_cast<std::size_t>(kind)]; }
  std::uint64_t operator[](Kind kind) const { return all_[static_cast<std::size_t>(kind)]; }
  const std::array<std::uint64_t, N>& all() const { return all_; }
  Counts& operator+=(const Counts& other) {
    for (std::size_t i = 0; i < N; ++i) all_[i] += other.all_[i];
    return *this;
  }

 private:
  std::array<std::uint64_t, N> all_{};
};

struct Tally {
  Counters console;  // of the console's clients
  std::uint64_t login_failures = 0;  // of clients
  std::uint64_t server_logins = 0;   // that succeeded
  Counts<Timeout, 9> timeouts;
  Counts<ClientEnd, 13> client_ends;
  Counts<ServerEnd, 18> server_ends;
  Counts<Cancel, 6> cancels;
  Counts<Prepared, 4> prepared;
  Counts<Replay, 2> settings;
  Counts<Pin, 3> pins;
  Counts<HandOver, 2> handovers;
  Counts<Handshake, 4> handshakes;
  SqlStates server_errors;  // every ErrorResponse of a server
  SqlStates pooler_errors;  // every one that the pooler gives a client of its own accord

  Tally& operator+=(const Tally& other);
};

// A count as SHOW COUNTERS and metrics name it. Values of up to two labels; a label without a name
// is none. All but `value` are constants.
struct CountRow {
  std::string_view name;
  std::array<std::pair<std::string_view, std::string_view>, 2> labels;
  std::uint64_t value = 0;
};

// All counts, by name in a fixed order. Of SQLSTATEs only those that have been seen.
std::vector<CountRow> rows(const Tally& tally);

}  // namespace weir::stats
