// What a server still has to answer, in order: the queue behind every rule about when a server is
// free, which answers belong to the client, and where an answer of the pooler's own goes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/ring.h"

namespace weir::session {

struct Request {
  enum class Kind : std::uint8_t {
    Query,      // simple Query; ends with ReadyForQuery
    Function,   // FunctionCall; ends with ReadyForQuery
    Sync,       // ends with ReadyForQuery
    CopySync,   // a Sync in front of a COPY's data, which the COPY reads: no answer
    EatenSync,  // a Sync among a COPY's data: no answer, unless the COPY has failed before it
    Parse, Bind, Describe, Execute, Close,
    CopyEnd,    // CopyDone or CopyFail: no answer of its own
    FakeParse,  // ParseComplete that the pooler gives
    FakeClose,  // CloseComplete that the pooler gives
    FakeDeallocate,  // CommandComplete and ReadyForQuery that the pooler gives
    Refuse,     // a message made to fail; its error is replaced by a Refusal
    Apply,      // the pooler's own Query: settings of the client
    Inquire,    // the pooler's own Query: which settings are in force
    Check,      // the pooler's own Query: server_check_query, reset query, ROLLBACK
    Lookup,     // the pooler's own auth_query, Parse to Sync
  };
  enum class For : std::uint8_t { Client, Pooler };  // whose answer it is

  Kind kind = Kind::Query;
  For whose = For::Client;
  bool unnamed = false;   // makes or ends the unnamed statement
  bool forbidden = false; // stands for a statement that session_state = refuse does not let pass
  bool undoable = false;  // has an entry in the undo log of the client's statement names
  bool restores = false;  // has a statement of ours behind it: see restoring_sql()
  bool told = false;      // by a client that was told what the statement's result looks like
  std::uint64_t statement = 0;  // the server statement it makes, removes or uses
};

// What the client is told in place of the error of a Refuse.
struct Refusal {
  std::string_view instead_of;  // the SQLSTATE of the error that is meant
  std::string_view sqlstate;
  std::string message;
  std::string_view routine = {};  // of PostgreSQL's source; empty: as the server says
};

constexpr bool ends_with_ready(Request::Kind k) {
  using enum Request::Kind;
  return k == Query || k == Function || k == Sync || k == Apply || k == Inquire || k == Check ||
         k == Lookup;
}

constexpr bool is_fake(Request::Kind k) {
  using enum Request::Kind;
  return k == FakeParse || k == FakeClose || k == FakeDeallocate;
}

// Whether it makes or ends a statement that the server knows by a name of ours.
constexpr bool defines(const Request& r) {
  return r.statement != 0 && (r.kind == Request::Kind::Parse || r.kind == Request::Kind::Close);
}

// What the server reads without answering: it matters only while something is in front of it.
constexpr bool is_silent(Request::Kind k) {
  using enum Request::Kind;
  return k == CopySync || k == EatenSync || k == CopyEnd;
}

// Whether an error in it makes PostgreSQL skip everything up to the next Sync.
constexpr bool error_skips_to_sync(Request::Kind k) {
  using enum Request::Kind;
  return k == Parse || k == Bind || k == Describe || k == Execute || k == Close || k == Refuse;
}

// The routine of PostgreSQL's error for a plan whose result has changed. Drivers look at it, too.
inline constexpr std::string_view kStalePlanRoutine = "RevalidateCachedQuery";

using Requests = Ring<Request>;

}  // namespace weir::session
