// From client to server: which messages go through as they are, which are rewritten, and what each
// of them makes the server owe. The rules about prepared statements are in prepared.cc.
#include "session/engine.h"

#include <algorithm>

#include "base/check.h"
#include "session/defaults.h"
#include "sql/custom_names.h"
#include "sql/deallocate.h"
#include "sql/scan.h"
#include "wire/message.h"

namespace weir::session {

using wire::Piece;
namespace fe = wire::fe;

namespace {

// More unanswered messages than this, and the client is not read until the server has caught up.
constexpr std::size_t kRequestsMax = 64 * 1024;

bool is_copy(std::uint8_t type) {
  return type == fe::kCopyData || type == fe::kCopyDone || type == fe::kCopyFail;
}

bool is_known(std::uint8_t type) {
  return std::string_view("QPBDECHSFdcfX").find(static_cast<char>(type)) !=
         std::string_view::npos;
}

bool is_small(std::uint8_t type) {
  return std::string_view("DCEHScfX").find(static_cast<char>(type)) != std::string_view::npos;
}

// As much of a Query's text as is there.
std::string_view query_text(const Piece& piece) {
  const std::size_t body = piece.total - wire::kHeaderSize;
  return as_text(piece.bytes.subspan(wire::kHeaderSize)).substr(0, body == 0 ? 0 : body - 1);
}

}  // namespace

std::size_t ClientWants::want(std::uint8_t type, std::size_t total) {
  switch (type) {
    case fe::kQuery: return std::min(total, kScan);
    case fe::kParse: return std::min(total, kParse);
    case fe::kBind: return std::min(total, kNames);
    case fe::kDescribe:
    case fe::kExecute:
    case fe::kClose:
    case fe::kPassword: return std::min(total, wire::kSmallMessage + wire::kHeaderSize);
    default: return wire::kHeaderSize;
  }
}

bool Engine::client_readable(ClientId id, Instant now, Effects& out) {
  Client* c = client(id);
  if (c == nullptr) return false;
  if (c->phase == ClientPhase::Console) return !c->console->busy();
  if (c->logs_in() || c->phase == ClientPhase::Closing || c->phase == ClientPhase::Asking ||
      c->phase == ClientPhase::Refused)
    return false;
  if (c->phase != ClientPhase::Ready) return true;
  if (c->server != nullptr) {
    c->throttled = c->server->requests.size() >= kRequestsMax;
    return !c->server->held && !c->throttled && !c->waits_for_name;
  }
  Room& room = room_of(*c);
  if (c->state == pool::ClientState::Waiting) return false;
  if (!c->framer.at_boundary() || c->backlog || c->canceled || ending_ ||
      room.available() != nullptr)
    return true;
  if (room.is_down()) return true;  // its request is read, and answered with the reason
  room.move(*c, pool::ClientState::Waiting, now);
  want_servers(room, now, out);
  return false;
}

void Engine::client_bytes(ClientId id, Bytes in, Instant now, Effects& out) {
  Client* c = client(id);
  if (c == nullptr) return;
  if (c->backlog) {
    wire::Buffer& backlog = *c->backlog;
    backlog.insert(backlog.end(), in.begin(), in.end());
    in = out.arena().copy(backlog);
    c->backlog.reset();
  }
  bool progress = true;  // even without new bytes: the framer may hold a message that had to wait
  while (progress && c != nullptr) {
    const std::size_t before = in.size();
    const ClientPhase phase = c->phase;
    switch (phase) {
      case ClientPhase::Startup: startup_bytes(*c, in, now, out); break;
      case ClientPhase::Auth: auth_bytes(*c, in, now, out); break;
      case ClientPhase::Ready: relay_client(*c, in, now, out); break;
      case ClientPhase::Console: console_bytes(*c, in, now, out); break;
      case ClientPhase::Asking:
      case ClientPhase::Refused:
      case ClientPhase::Lookup:
      case ClientPhase::Welcome:
      case ClientPhase::Cancel:
      case ClientPhase::Closing: break;
    }
    c = client(id);
    progress = c != nullptr && !in.empty() && (c->phase != phase || in.size() != before);
  }
  if (c == nullptr || c->phase == ClientPhase::Closing || c->phase == ClientPhase::Cancel) return;
  if (!in.empty()) c->backlog = std::make_unique<wire::Buffer>(in.begin(), in.end());
  if (c->phase != ClientPhase::Ready || c->server == nullptr) return;
  // What it has sent may have to wait until its settings are in force there.
  if (!c->server->held) c->server->unread = false;
  after_traffic(*c->server, now, out);
}

// Stops early, with bytes left in `in`, where the client has to wait for a server.
void Engine::relay_client(Client& c, Bytes& in, Instant now, Effects& out) {
  const ClientId id = c.id;
  const bool begins = out.empty() && (c.server == nullptr || (c.server->requests.empty() &&
                                                              !c.server->unsynced));
  relay_messages(c, in, now, out);
  if (client(id) == nullptr || c.server == nullptr) return;
  c.server->batch.clear();
  if (begins) keep_batch(*c.server, out);
}

void Engine::relay_messages(Client& c, Bytes& in, Instant now, Effects& out) {
  const ClientId id = c.id;
  room_of(c).counters.received += in.size();
  while (client(id) != nullptr && c.phase == ClientPhase::Ready) {
    if (!in.empty() && in[0] == fe::kCopyData) pass_copy_data(c, in, out);
    const Bytes before = in;
    const Piece piece = c.framer.next(in);
    switch (piece.kind) {
      case Piece::Kind::None: return;
      case Piece::Kind::Bad:
        refuse(c, Fault::BadPacket, bad_header(piece.bytes), now, out);
        return;
      case Piece::Kind::Body:
        if (c.forwarding && c.server != nullptr) out.forward(c.server->id, piece.bytes);
        break;
      case Piece::Kind::Head:
        if (!client_message(c, piece, now, out)) {
          c.framer.unget(piece, before, in);
          return;
        }
        break;
    }
  }
}

// The whole messages of a COPY go on without a look at each.
void Engine::pass_copy_data(Client& c, Bytes& in, Effects& out) {
  const Server* s = c.server;
  if (s == nullptr || s->held || s->skipping || s->requests.empty() ||
      in.size() > config_->settings.max_packet_size)
    return;
  const Bytes data = c.framer.run(in, fe::kCopyData);
  if (!data.empty()) out.forward(s->id, data);
}

// False where the message has to wait for a server.
bool Engine::client_message(Client& c, const Piece& piece, Instant now, Effects& out) {
  c.forwarding = false;
  if (!is_known(piece.type) || piece.total - 1 > config_->settings.max_packet_size ||
      (is_small(piece.type) && piece.total > wire::kSmallMessage + wire::kHeaderSize)) {
    refuse(c, is_known(piece.type) ? Fault::BadPacket : Fault::UnknownMessage,
           is_known(piece.type) ? bad_header(piece.bytes) : "", now, out);
    return true;
  }
  if (piece.type == fe::kTerminate) {
    drop_client(c, ClientEnd::Closed, "client close request", now, out);
    return true;
  }
  if (piece.type == fe::kQuery && config_->settings.disable_pqexec) {
    refuse(c, Fault::SimpleQueryDisallowed, "", now, out);
    return true;
  }
  if (c.server == nullptr) {
    if (answer_idle(c, piece, now, out)) return true;
    if (out.ends_with_send(c.id)) {  // who does not read our answer shall not hold a server
      out.read(c.id);
      return false;
    }
    if (!acquire(c, now, out)) return client(c.id) == nullptr || c.phase == ClientPhase::Closing;
  }
  Server& s = *c.server;
  if (s.held) return false;
  // After an error PostgreSQL reads on to the next Sync and does nothing.
  if (s.skipping && piece.type != fe::kSync) return true;
  if (must_wait(c, s, piece)) {
    c.waits_for_name = true;
    return false;
  }
  if (!is_copy(piece.type) && piece.type != fe::kSync && piece.type != fe::kFlush)
    s.copy_in = false;  // a COPY does not survive it
  switch (piece.type) {
    case fe::kQuery: on_query(c, piece, now, out); break;
    case fe::kParse: on_parse(c, piece, now, out); break;
    case fe::kBind: return on_bind(c, piece, now, out);
    case fe::kDescribe: return on_describe(c, piece, now, out);
    case fe::kClose: on_close(c, piece, now, out); break;
    case fe::kExecute: on_execute(c, piece, now, out); break;
    case fe::kSync: on_sync(c, piece, now, out); break;
    case fe::kFunctionCall:
      push(s, {.kind = Request::Kind::Function}, now);
      pass(c, piece, out);
      break;
    case fe::kCopyData:
      s.copy_data = true;
      if (!s.requests.empty()) pass(c, piece, out);  // else PostgreSQL would ignore it
      break;
    case fe::kCopyDone:
    case fe::kCopyFail: on_copy_end(c, piece, now, out); break;
    default: pass(c, piece, out); break;  // Flush
  }
  return true;
}

// Messages that need no server while nothing is outstanding. True if the message was one.
bool Engine::answer_idle(Client& c, const Piece& piece, Instant now, Effects& out) {
  if (c.canceled) {
    answer_canceled(c, piece, out);
    return true;
  }
  if (piece.type == fe::kFlush || is_copy(piece.type)) return true;  // nothing to do, as there
  if (piece.type == fe::kSync) {
    wire::append_ready(scratch_, 'I');
    out.send(c.id, scratch_);
    scratch_.clear();
    return true;
  }
  if (piece.type == fe::kQuery && piece.whole() && c.statements &&
      sql::scan(query_text(piece)).deallocates)
    return deallocate(c, query_text(piece), now, out);
  return false;
}

void Engine::on_query(Client& c, const Piece& piece, Instant now, Effects& out) {
  Server& s = *c.server;
  // A simple Query also ends the unnamed statement.
  end_unnamed(c);
  s.unnamed_owner = {};
  Room& room = room_of(c);
  const std::string_view text = query_text(piece);
  if (room.limits().mode != pool::Mode::Session) {
    sql::Effects effects = sql::scan(text);
    if (room.session_state == config::SessionState::Refuse && sql::pins(effects, text))
      return forbid(c, Request::Kind::Query, now, out);
    effects.settings |= !piece.whole();  // what could not be looked at may hold a SET
    note_effects(s, effects, text, out);
    if (effects.deallocates && piece.whole() && deallocate(c, text, now, out)) return;
    s.deallocating |= effects.deallocates || !piece.whole();
  }
  const std::string restoring = piece.whole() ? restoring_sql(c, s, text, Within::Query) : "";
  push(s, {.kind = Request::Kind::Query, .unnamed = true, .restores = !restoring.empty()}, now);
  if (restoring.empty()) return pass(c, piece, out);
  wire::append_query(scratch_, std::string(text) + "\n;" + restoring);
  out.send(s.id, scratch_);
  scratch_.clear();
}

void Engine::on_execute(Client& c, const Piece& piece, Instant now, Effects& out) {
  constexpr std::string_view kOurs = "WEIR_restore";
  constexpr std::uint8_t kNoTypes[] = {0, 0};
  constexpr auto kPooler = Request::For::Pooler;
  Server& s = *c.server;
  push(s, {.kind = Request::Kind::Execute}, now);
  s.unsynced = true;
  pass(c, piece, out);
  if (s.restoring_sql.empty() || Reader(piece.message().body).cstr() != s.reset_portal) return;
  wire::append_close(scratch_, 'S', kOurs);  // left behind by an earlier one
  wire::append_close(scratch_, 'P', kOurs);
  wire::append_parse(scratch_, kOurs, s.restoring_sql, kNoTypes);
  wire::Writer(scratch_, fe::kBind).cstr(kOurs).cstr(kOurs).u16(0).u16(0).u16(0).finish();
  wire::Writer(scratch_, fe::kExecute).cstr(kOurs).u32(0).finish();
  for (const auto kind : {Request::Kind::Close, Request::Kind::Close, Request::Kind::Parse,
                          Request::Kind::Bind, Request::Kind::Execute})
    push(s, {.kind = kind, .whose = kPooler}, now);
  out.send(s.id, scratch_);
  scratch_.clear();
}

void Engine::on_sync(Client& c, const Piece& piece, Instant now, Effects& out) {
  Server& s = *c.server;
  s.unsynced &= s.copy_in;  // PostgreSQL ignores a Sync while it reads COPY data
  s.skipping = false;
  const auto kind = !s.copy_in ? Request::Kind::Sync
                    : s.copy_data ? Request::Kind::EatenSync : Request::Kind::CopySync;
  push(s, {.kind = kind}, now);
  pass(c, piece, out);
}

void Engine::on_copy_end(Client& c, const Piece& piece, Instant now, Effects& out) {
  Server& s = *c.server;
  c.copying = false;
  if (s.requests.empty()) return;
  push(s, {.kind = Request::Kind::CopyEnd}, now);
  s.copy_in = false;
  pass(c, piece, out);
}

void Engine::pass(Client& c, const Piece& piece, Effects& out) {
  c.forwarding = true;
  if (piece.held) {
    out.send(c.server->id, piece.bytes);
  } else {
    out.forward(c.server->id, piece.bytes);
  }
}

namespace {

// A query begins with the first message that its client has sent since the last ReadyForQuery, also
// where parts of it have been answered (Flush); a transaction with its first query.
void start_clocks(Server& s, const Request& request, Instant now) {
  using enum Request::Kind;
  if (request.whose == Request::For::Pooler && ends_with_ready(request.kind) &&
      request.kind != Sync) {
    if (s.requests.empty()) s.start_query(now);
    return;
  }
  if (s.querying || request.kind == FakeDeallocate) return;
  s.querying = true;
  s.start_query(now);
  if (s.status == 'I') {
    s.xact_start = now;
  } else {
    static_cast<Room&>(*s.pool).timings.record(stats::Timing::ClientIdle, now - s.last_ready);
  }
}

}  // namespace

void Engine::push(Server& s, Request request, Instant now) {
  start_clocks(s, request, now);
  s.requests.push(request);
  ++s.pushed;
  s.defining += defines(request);
  if (request.unnamed) s.unnamed_at = s.pushed;
  s.changes += request.undoable;
  const bool ready = ends_with_ready(request.kind) || request.kind == Request::Kind::FakeDeallocate;
  if (request.whose != Request::For::Client || !ready) return;
  s.boundary = s.pushed;
  s.changes = 0;
}

// session_state = refuse: in the place of a statement the server is sent one that fails, so that
// the error comes in its turn and does to a transaction and a pipeline what an error does. What the
// client is told of it is ours.
void Engine::forbid(Client& c, Request::Kind kind, Instant now, Effects& out) {
  constexpr std::string_view kFails = "SELECT \"WEIR_refused\"";  // 42703: no such column
  constexpr std::uint8_t kNoTypes[] = {0, 0};
  Server& s = *c.server;
  if (kind == Request::Kind::Query) {
    wire::append_query(scratch_, kFails);
  } else {
    wire::append_parse(scratch_, "WEIR_refused", kFails, kNoTypes);
  }
  out.send(s.id, scratch_);
  scratch_.clear();
  push(s, {.kind = kind, .unnamed = kind == Request::Kind::Query, .forbidden = true}, now);
}

void Engine::note_effects(Server& s, sql::Effects effects, std::string_view text, Effects& out) {
  if (!effects.any()) return;
  if (effects.schema) s.schema_touched = true;
  if (room_of(s).session_state == config::SessionState::Pgbouncer) return;
  if (sql::pins(effects, text)) {
    if (s.pinned_at == 0) {
      ++tally_.pins[effects.session_object ? stats::Pin::SessionObject
                    : effects.prepares     ? stats::Pin::Prepare
                                           : stats::Pin::ComputedName];
      log(*s.client, out, LogLevel::Log,
          "keeps its server until it leaves: a statement has made session state that cannot be "
          "moved");
    }
    s.pinned_at = s.pushed + 1;
  }
  if (!effects.settings) return;
  s.settings_touched = true;
  if (effects.custom_names) sql::custom_names(text, s.custom_names);
}

}  // namespace weir::session
