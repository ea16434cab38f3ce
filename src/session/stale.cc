// Prepared statements after DDL. PostgreSQL refuses to run a statement whose result has other
// columns than when it was prepared (0A000), until its client prepares it anew. Here the
// client may have another server each time, so two things are told apart:
// - A client that was told the columns (Describe) gets that error from every server: what it was
//   told is kept, a server that does not match is asked before it runs the statement.
// - Any other client asks for the columns with each execution. Its statement is prepared anew and
//   sent again, where that cannot be seen: outside a transaction, before the first answer.
#include <algorithm>

#include "session/engine.h"
#include "wire/message.h"

namespace weir::session {

using Kind = Request::Kind;
using wire::Piece;
namespace fe = wire::fe;

namespace {

// No statement has this name.
constexpr std::string_view kNoStatement = "WEIR_none";
// A batch larger than this is not kept for a second time.
constexpr std::size_t kBatchMax = 8 * 1024;

enum class Fit { Yes, Unknown, No };

// Whether the server's statement gives what the client was told that it gives.
Fit fit(const Client& c, const Server& s, std::uint64_t id) {
  const Shape told = c.statements->told(id);
  if (told == kUnknownShape || s.status == 'E') return Fit::Yes;
  const Shape held = s.is_stale(id) ? kUnknownShape : s.statements.shape(id);
  return held == kUnknownShape ? Fit::Unknown : held == told ? Fit::Yes : Fit::No;
}

// Whether a batch of these may be sent twice: nothing in it changes what names mean.
bool repeatable(const Requests& requests) {
  bool prepared = false;
  const std::size_t last = requests.size() - 1;
  for (std::size_t i = 0; i < last; ++i) {
    const Request& r = requests[i];
    if (r.whose != Request::For::Client || r.undoable || r.unnamed || r.told ||
        (r.kind != Kind::Bind && r.kind != Kind::Describe && r.kind != Kind::Execute &&
         r.kind != Kind::Close))
      return false;
    prepared |= r.statement != 0;
  }
  return prepared && requests[last].kind == Kind::Sync;
}

}  // namespace

// Brings the statement to the server. False where the client's message must wait or is refused.
bool Engine::fitted(Client& c, const StatementRef& statement, Instant now, Effects& out) {
  Server& s = *c.server;
  const Fit fits = fit(c, s, statement->id);
  ensure_statement(s, statement, now, out);
  if (fits == Fit::Yes) return true;
  s.unsynced = true;
  if (fits == Fit::No) {
    s.refused.push_back({.instead_of = "26000", .sqlstate = "0A000",
                         .message = "cached plan must not change result type",
                         .routine = kStalePlanRoutine});
    wire::append_describe(scratch_, 'S', kNoStatement);
    push(s, {.kind = Kind::Refuse}, now);
  } else {
    wire::append_describe(scratch_, 'S', statement->server_name);
    wire::append_empty(scratch_, fe::kFlush);
    push(s, {.kind = Kind::Describe, .whose = Request::For::Pooler, .statement = statement->id},
         now);
    s.held = true;
  }
  out.send(s.id, scratch_);
  scratch_.clear();
  return false;
}

// The server has described a statement or portal, to its client or to us.
void Engine::on_described(Server& s, const Request& asked, const Piece& piece, Effects& out) {
  s.told_types = false;
  if (asked.statement == 0) return;
  const Shape shape = piece.type == wire::be::kNoData ? kNoRows
                      : piece.whole()                 ? shape_of(piece.message().body)
                                                      : kLargeShape;
  s.statements.set_shape(asked.statement, shape);
  if (asked.whose == Request::For::Pooler) {
    end_hold(s, out);
  } else if (s.client != nullptr && s.client->statements) {
    s.client->statements->tell(asked.statement, shape);
  }
}

void Engine::end_hold(Server& s, Effects& out) {
  s.held = false;
  if (s.client != nullptr) out.read(s.client->id);
}

// Keeps what `out` sends to the server, where all it owes is the answer to that.
void Engine::keep_batch(Server& s, const Effects& out) {
  if (s.status != 'I' || s.requests.size() < 2 || !repeatable(s.requests)) return;
  for (const Effect& effect : out.list()) {
    if (effect.kind != Effect::Kind::Send || effect.connection != Connection(s.id)) continue;
    if (s.batch.size() + effect.bytes.size() > kBatchMax) {
      s.batch.clear();
      return;
    }
    s.batch.insert(s.batch.end(), effect.bytes.begin(), effect.bytes.end());
  }
}

// At the error of a stale plan: prepares the statement anew and sends the batch again. False where
// that is not possible.
bool Engine::repeat_batch(Server& s, Instant now, Effects& out) {
  if (s.batch.empty() || s.client == nullptr || !repeatable(s.requests)) return false;
  const std::uint64_t id = s.requests.front().statement;
  const StatementRef* known = s.client->statements ? s.client->statements->find(id) : nullptr;
  if (known == nullptr) return false;
  ++tally_.prepared[stats::Prepared::Stale];
  const StatementRef statement = *known;
  std::vector<Request> again;
  for (; !s.requests.empty(); s.requests.pop()) again.push_back(s.requests.front());
  push(s, {.kind = Kind::Sync, .whose = Request::For::Pooler}, now);
  close_statement(s, id, now, out);
  teach(s, *statement, Request::For::Pooler, now, out);
  out.send(s.id, s.batch);
  for (const Request& request : again) push(s, request, now);
  s.batch.clear();
  s.unsynced = false;
  s.forwarding = false;
  return true;
}

}  // namespace weir::session
