// From server to client: each answer is matched with the request at the head of the queue, goes to
// the client, is kept back, or is replaced; and at the end of the last one the server is free.
#include <algorithm>
#include <ranges>
#include <utility>

#include "base/check.h"
#include "session/engine.h"
#include "session/startup_parameters.h"
#include "wire/message.h"

namespace weir::session {

using wire::Piece;
namespace be = wire::be;
using Kind = Request::Kind;

namespace {

// A client that was not read because of too many unanswered requests is read again below this.
constexpr std::size_t kResumeBelow = 16 * 1024;

constexpr wire::Report kForbidden{
    .severity = "ERROR", .sqlstate = "0A000",
    .message = "this statement makes session state that cannot follow its client",
    .detail = "The pooler runs with session_state = refuse, and gives each transaction any server "
              "connection.",
    .hint = "Use pool_mode = session, or session_state = follow, for this database."};

// What a server may say while it owes nothing.
bool comes_unasked(std::uint8_t type) {
  return type == be::kNoticeResponse || type == be::kNotification ||
         type == be::kParameterStatus || type == be::kErrorResponse;
}

// A part of the result of a statement behind the client's own.
bool is_result(std::uint8_t type) {
  return type == be::kRowDescription || type == be::kDataRow || type == be::kCommandComplete;
}

void begin_copy(Server& s) {
  s.copy_in = true;
  s.copy_data = false;
  if (s.client != nullptr) s.client->copying = true;
  // Syncs that were sent behind the COPY are read by it and get no answer. Anything else that is
  // no part of a COPY ends it with an error.
  std::size_t i = 1;
  for (; i < s.requests.size(); ++i) {
    if (s.requests[i].kind == Kind::Sync) {
      s.requests[i].kind = Kind::CopySync;
    } else if (!is_fake(s.requests[i].kind)) {
      break;
    }
  }
  if (i < s.requests.size()) s.copy_in = false;
  if (!std::ranges::any_of(std::views::iota(i, s.requests.size()), [&s](std::size_t at) {
        return ends_with_ready(s.requests[at].kind);
      })) {
    s.boundary = s.pushed - s.requests.size() + (ends_with_ready(s.requests.front().kind) ? 1 : 0);
  }
  bool synced = false;
  for (; i < s.requests.size(); ++i) synced |= s.requests[i].kind == Kind::Sync;
  if (!synced && !s.requests.empty() && s.requests.front().kind == Kind::Execute)
    s.unsynced = true;
}

void undo_request(Server& s, const Request& request, std::size_t newer) {
  if (request.undoable && s.client != nullptr) s.client->statements->undo(newer);
  if (request.kind == Kind::Parse && request.statement != 0) {
    s.statements.remove(request.statement);
  } else if (request.kind == Kind::Close && request.statement != 0) {
    s.stale.push_back(request.statement);  // under that name nothing can be made anew
  } else if (request.kind == Kind::EatenSync) {
    s.doubtful = true;  // read as COPY data, or not: who knows
  }
}

}  // namespace

std::size_t ServerWants::want(std::uint8_t type, std::size_t total) {
  switch (type) {
    case be::kErrorResponse: return std::min(total, kReport);
    case be::kCommandComplete:
    case be::kRowDescription:
    case be::kParameterStatus:
    case be::kReadyForQuery:
    case be::kAuthentication:
    case be::kBackendKeyData:
    case be::kNegotiate: return std::min(total, std::size_t{64 * 1024});
    default: return wire::kHeaderSize;
  }
}

void Engine::server_bytes(ServerId id, Bytes in, Instant now, Effects& out) {
  Server* s = server(id);
  if (s == nullptr) return;
  if (s->encryption == Encryption::Asked) {
    ssl_answer(*s, in, now, out);
    return;
  }
  if (s->phase == ServerPhase::Canceling) return;
  room_of(*s).counters.sent += in.size();
  if (s->phase == ServerPhase::Login || s->phase == ServerPhase::Setup)
    server_login_bytes(*s, in, now, out);
  s = server(id);
  if (s == nullptr || s->phase != ServerPhase::Ready) return;
  relay_server(*s, in, now, out);
  s = server(id);
  if (s != nullptr) after_traffic(*s, now, out);
}

void Engine::relay_server(Server& s, Bytes& in, Instant now, Effects& out) {
  const ServerId id = s.id;
  while (server(id) != nullptr) {
    if (!in.empty() && (in[0] == be::kDataRow || in[0] == be::kCopyData)) pass_rows(s, in, out);
    const Piece piece = s.framer.next(in);
    switch (piece.kind) {
      case Piece::Kind::None: return;
      case Piece::Kind::Bad:
        lose_server(s, Fault::ServerCrashed, "the server sent a message with a bad length", now,
                    out);
        return;
      case Piece::Kind::Body:
        if (s.forwarding && s.client != nullptr) out.forward(s.client->id, piece.bytes);
        if (s.row_open) on_pooler_row(s, piece.bytes, piece.last);
        if (piece.last) flush_fakes(s, out);
        break;
      case Piece::Kind::Head:
        if (!server_message(s, piece, now, out)) return;
        break;
    }
  }
}

// Rows are most of what a server says: those that are whole go on without a look at each.
void Engine::pass_rows(Server& s, Bytes& in, Effects& out) {
  if (s.client == nullptr || s.requests.empty() || s.restoring ||
      s.requests.front().whose == Request::For::Pooler)
    return;
  const Bytes rows = s.framer.run(in, in[0]);
  if (!rows.empty()) out.forward(s.client->id, rows);
}

// False where the server is gone afterwards.
bool Engine::server_message(Server& s, const Piece& piece, Instant now, Effects& out) {
  const ServerId id = s.id;
  const Request* head = s.requests.empty() ? nullptr : &s.requests.front();
  const bool ours = head != nullptr && head->whose == Request::For::Pooler;
  s.forwarding = s.client != nullptr && !ours;
  if (head == nullptr && !comes_unasked(piece.type)) {
    s.doubtful = true;
    return false;
  }
  if (head != nullptr && head->kind == Kind::Lookup && AuthQuery::swallows(piece.type)) {
    if (piece.type == be::kDataRow) begin_pooler_row(s, piece);
    return true;
  }
  if (s.restoring && is_result(piece.type)) {
    s.forwarding = false;
    return true;
  }
  switch (piece.type) {
    case be::kDataRow:
      if (ours) begin_pooler_row(s, piece);
      break;
    case be::kReadyForQuery: on_ready(s, piece, now, out);
      return server(id) != nullptr;
    case be::kErrorResponse: on_error(s, piece, now, out); return server(id) != nullptr;
    case be::kParameterStatus:
      on_parameter_status(s, piece.message().body);
      s.forwarding = s.client != nullptr && (!ours || !ends_with_ready(head->kind));
      break;
    case be::kNoticeResponse:
    case be::kNotification:
      s.forwarding = s.client != nullptr && (!ours || !ends_with_ready(head->kind));
      break;
    case be::kParseComplete: return answered(s, piece, Kind::Parse, now, out);
    case be::kBindComplete: return answered(s, piece, Kind::Bind, now, out);
    case be::kCloseComplete: return answered(s, piece, Kind::Close, now, out);
    case be::kRowDescription:
    case be::kNoData:
      if (head == nullptr || head->kind != Kind::Describe) break;
      on_described(s, *head, piece, out);
      return answered(s, piece, Kind::Describe, now, out);
    case be::kCommandComplete:
      on_command_complete(s, piece);
      s.restoring = head != nullptr && head->restores;
      [[fallthrough]];
    case be::kEmptyQuery:
    case be::kPortalSuspended:
      if (head != nullptr && head->kind == Kind::Execute)
        return answered(s, piece, Kind::Execute, now, out);
      break;
    case be::kCopyIn:
    case be::kCopyBoth: begin_copy(s); break;
    case be::kCopyOut:
    case be::kCopyData:
    case be::kCopyDone:
    case be::kFunctionCallResponse: break;
    case be::kParameterDescription:
      s.forwarding = s.forwarding && !std::exchange(s.told_types, true);
      break;
    default:
      lose_server(s, Fault::ServerCrashed, "the server sent an unexpected message", now, out);
      return false;
  }
  to_client(s, piece, out);
  return true;
}

void Engine::to_client(Server& s, const Piece& piece, Effects& out) {
  if (!s.forwarding) return;
  if (piece.held) {
    out.send(s.client->id, piece.bytes);
  } else {
    out.forward(s.client->id, piece.bytes);
  }
}

// An answer that ends the request at the head of the queue.
bool Engine::answered(Server& s, const Piece& piece, Kind kind, Instant now, Effects& out) {
  if (s.requests.empty() || s.requests.front().kind != kind) {
    lose_server(s, Fault::ServerCrashed, "the server answered out of turn", now, out);
    return false;
  }
  to_client(s, piece, out);
  if (s.forwarding) s.batch.clear();
  pop_request(s, out);
  return true;
}

// Takes the head off the queue as carried out, and gives the pooler's own answers that follow.
void Engine::pop_request(Server& s, Effects& out) {
  const Request& done = s.requests.front();
  if (done.undoable && s.client != nullptr) s.client->statements->confirm_oldest();
  s.defining -= defines(done);
  const bool copy_ended = done.kind == Kind::Execute || done.kind == Kind::Query;
  s.requests.pop();
  if (copy_ended) s.copy_in = false;
  while (!s.requests.empty() && !s.copy_in && is_silent(s.requests.front().kind)) s.requests.pop();
  flush_fakes(s, out);
  if (s.client != nullptr && s.client->throttled && s.requests.size() < kResumeBelow) {
    s.client->throttled = false;
    out.read(s.client->id);
  }
}

void Engine::flush_fakes(Server& s, Effects& out) {
  if (s.forwarding && s.framer.streaming() > 0) return;  // not in the middle of a message
  while (!s.requests.empty() && is_fake(s.requests.front().kind)) {
    const Request fake = s.requests.front();
    // In a failed transaction a DEALLOCATE does nothing.
    const bool undone = fake.kind == Kind::FakeDeallocate && s.status == 'E';
    if (fake.undoable && s.client != nullptr) {
      if (undone) {
        s.client->statements->undo_oldest();
      } else {
        s.client->statements->confirm_oldest();
      }
    }
    s.requests.pop();
    if (fake.kind == Kind::FakeDeallocate) {
      if (undone) tally_.pooler_errors.count("25P02");
      append_deallocated(scratch_, s.status);
    } else {
      wire::append_empty(scratch_, fake.kind == Kind::FakeParse ? be::kParseComplete
                                                                : be::kCloseComplete);
    }
    if (s.client != nullptr) out.send(s.client->id, scratch_);
    scratch_.clear();
  }
  resume_waiting(s, out);
}

void Engine::on_ready(Server& s, const Piece& piece, Instant now, Effects& out) {
  const char status = piece.last && piece.total == 6 ? static_cast<char>(piece.bytes[5]) : '?';
  while (!s.requests.empty() && is_silent(s.requests.front().kind)) s.requests.pop();
  if (s.requests.empty() || !ends_with_ready(s.requests.front().kind) ||
      (status != 'I' && status != 'T' && status != 'E')) {
    lose_server(s, Fault::ServerCrashed, "the server answered out of turn", now, out);
    return;
  }
  const Request request = s.requests.front();
  s.status = status;
  s.last_ready = now;
  s.copy_in = s.restoring = false;
  if (request.whose == Request::For::Pooler && request.kind != Kind::Sync) {
    const ServerId id = s.id;
    s.requests.pop();
    s.start_query(now);
    finish_pooler_query(s, request.kind, now, out);
    if (server(id) != nullptr) flush_fakes(s, out);
    return;
  }
  if (s.client != nullptr && request.whose == Request::For::Client) {
    s.client->copying = false;
    s.forwarding = true;
    to_client(s, piece, out);
  }
  count_query(s, now);
  pop_request(s, out);
  s.querying = !s.requests.empty();
  if (!s.owes_ready()) s.deallocating = false;
  if (status != 'I' && room_of(s).limits().mode == pool::Mode::Statement && s.client != nullptr &&
      s.replicates == Replicates::No)
    lose_server(s, Fault::StatementMode, "", now, out);
}

void Engine::count_query(Server& s, Instant now) {
  Room& room = room_of(s);
  const Duration took = now - s.query_start;
  room.count_query(took, s.stall.take(now));
  s.query_start = now;
  stats::Application*& application = s.settings->application;
  if (application == nullptr)
    application = &applications_.of(s.settings->value("application_name"),
                                    config_->weir.metrics_max_applications);
  application->query.record(static_cast<std::uint64_t>(took.count()));
  if (s.status != 'I') return;
  room.count_transaction(now - s.xact_start);
  application->transaction.record(static_cast<std::uint64_t>((now - s.xact_start).count()));
  s.xact_start = now;
  if (s.schema_touched) {
    s.schema_touched = false;
    ledger_.schema_epoch.fetch_add(1, std::memory_order_relaxed);
  }
}

void Engine::on_error(Server& s, const Piece& piece, Instant now, Effects& out) {
  const Bytes body = piece.message().body;
  tally_.server_errors.count(wire::report_field(body, 'C'));
  const bool fatal = wire::report_field(body, 'V') == "FATAL" ||
                     wire::report_field(body, 'V') == "PANIC";
  s.said_fatal |= fatal && s.client != nullptr;
  if (s.requests.empty()) {
    s.doubtful = true;
    to_client(s, piece, out);
    // Nothing more will come that the client waits for.
    if (fatal && s.client != nullptr) lose_server(s, Fault::ServerCrashed, "", now, out);
    return;
  }
  const Request head = s.requests.front();
  if (head.whose == Request::For::Pooler && ends_with_ready(head.kind)) {
    s.pooler_error = true;
    s.pooler_sqlstate = wire::report_field(body, 'C');
    s.pooler_message = wire::report_field(body, 'M');
    s.said_fatal = false;
    return;
  }
  s.forwarding = s.client != nullptr;
  if (head.statement != 0 && wire::report_field(body, 'R') == kStalePlanRoutine) {
    ledger_.schema_epoch.fetch_add(1, std::memory_order_relaxed);
    if (repeat_batch(s, now, out)) return;
    s.stale.push_back(head.statement);
  }
  if (head.forbidden && wire::report_field(body, 'C') == "42703" && s.forwarding) {
    tally_.pooler_errors.count(kForbidden.sqlstate);
    wire::append_error(scratch_, kForbidden);
    out.send(s.client->id, scratch_);
    scratch_.clear();
    s.forwarding = false;
  } else if (head.kind != Kind::Refuse || !replace_refusal(s, body, out)) {
    to_client(s, piece, out);
  }
  s.told_types = false;
  if (error_skips_to_sync(head.kind)) skip_to_sync(s, now, out);
}

// The client is told what the message was made to fail for.
bool Engine::replace_refusal(Server& s, Bytes body, Effects& out) {
  ASSERT(!s.refused.empty());
  const Refusal& refusal = s.refused.front();
  if (wire::report_field(body, 'C') != refusal.instead_of || s.client == nullptr) return false;
  wire::Writer w(scratch_, be::kErrorResponse);
  Reader in(body);
  while (const std::uint8_t code = in.u8()) {
    std::string_view value = in.cstr();
    if (code == 'M') value = refusal.message;
    if (code == 'C') value = refusal.sqlstate;
    if (code == 'R' && !refusal.routine.empty()) value = refusal.routine;
    const bool elsewhere = !refusal.routine.empty() && (code == 'F' || code == 'L');
    if (!elsewhere) w.u8(code).cstr(value);
  }
  w.u8(0).finish();
  out.send(s.client->id, scratch_);
  scratch_.clear();
  s.forwarding = false;
  return true;
}

// The server reads on to the next Sync: what was sent before it is undone, the newest first.
void Engine::skip_to_sync(Server& s, Instant, Effects& out) {
  std::size_t end = 0;
  while (end < s.requests.size() && s.requests[end].kind != Kind::Sync) ++end;
  s.skipping = end == s.requests.size();
  std::size_t newer = 0;  // changes of names that lie behind the Sync
  bool unnamed_renewed = false;
  for (std::size_t i = end; i < s.requests.size(); ++i) {
    newer += s.requests[i].undoable;
    unnamed_renewed |= s.requests[i].unnamed;
  }
  bool unnamed_lost = false;
  for (std::size_t i = end; i-- > 0;) {
    undo_request(s, s.requests[i], newer);
    if (!s.requests[i].unnamed) continue;
    unnamed_lost |= s.requests[i].whose == Request::For::Client;
    s.unnamed_owner = kStranger;
  }
  if (unnamed_lost && !unnamed_renewed) unnamed_uncertain(s);
  for (std::size_t i = 0; i < end; ++i) {
    const Request& skipped = s.requests.front();
    if (skipped.kind == Kind::Refuse) s.refused.pop_front();
    if (skipped.kind == Kind::Describe && skipped.whose == Request::For::Pooler) end_hold(s, out);
    s.defining -= defines(skipped);
    s.requests.pop();
  }
  if (s.skipping) s.changes = 0;
  s.copy_in = false;
  flush_fakes(s, out);
}

void Engine::resume_waiting(Server& s, Effects& out) {
  if (s.client == nullptr || !s.client->waits_for_name) return;
  s.client->waits_for_name = false;
  out.read(s.client->id);
}

void Engine::on_command_complete(Server& s, const Piece& piece) {
  if (piece.bytes.size() < 8 || piece.bytes[5] != 'D') return;
  const std::string_view tag = Reader(piece.message().body).cstr();
  if (tag != "DEALLOCATE ALL" && tag != "DISCARD ALL") return;
  s.statements.clear();
  s.stale.clear();
  if (s.client != nullptr && s.client->statements) s.client->statements->clear();
  if (tag != "DISCARD ALL") return;
  s.unnamed_owner = {};
  // What was sent after it may have made such state anew.
  if (s.pinned_at <= s.pushed - s.requests.size() + 1) s.pinned_at = 0;
}

void Engine::on_parameter_status(Server& s, Bytes body) {
  if (!read_parameter(s, body)) return;
  if (!s.requests.empty() && s.requests.front().kind == Kind::Apply) return;
  Reader in(body);
  const std::string_view name = in.cstr();
  if (room_of(s).session_state != config::SessionState::Pgbouncer) {
    s.settings_touched = true;  // a function may have set it: the server is asked
  } else if (pgbouncer_tracks(config_->settings, name)) {
    const wire::Parameters change{{std::string(name), std::string(in.cstr())}};
    SettingsTable& settings = room_of(s).settings;
    s.settings = settings.intern(overlay(s.settings->values, change));
    if (s.client == nullptr) return;
    s.client->settings = settings.intern(overlay(s.client->settings->values, change));
    note_accepted(s, s.client->settings);
  }
}

void Engine::begin_pooler_row(Server& s, const Piece& piece) {
  s.row.clear();
  s.row_open = true;
  on_pooler_row(s, piece.message().body, piece.last);
}

// A row of an inquiry: a name and its value.
void Engine::on_pooler_row(Server& s, Bytes part, bool last) {
  constexpr std::size_t kRowMost = 1 << 20;
  if (s.row.size() < kRowMost) s.row.append(as_text(part));
  if (!last) return;
  s.row_open = false;
  if (!s.requests.empty() && s.requests.front().kind == Kind::Lookup) {
    auth_query_.row(s);
    auth::wipe(s.row);
    return;
  }
  Reader in(as_bytes(s.row));
  const std::uint16_t columns = in.u16();
  const std::uint32_t name_size = in.u32();
  if (columns != 2 || name_size > 1024) return;
  const std::string_view name = as_text(in.bytes(name_size));
  const std::uint32_t value_size = in.u32();
  if (!in.ok() || value_size == 0xffffffff) return;  // NULL: not set
  const std::string_view value = as_text(in.bytes(value_size));
  if (in.ok()) s.answer.emplace_back(name, value);
}

}  // namespace weir::session
