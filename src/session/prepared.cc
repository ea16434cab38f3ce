// Prepared statements between clients and servers. A client's names are its own; a server knows
// each text once, under a name of ours, and is taught it when a client first uses it there.
// Nothing is answered out of turn: what the pooler answers itself waits in the request queue, and
// an error undoes what the server skipped, name by name.
#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "session/defaults.h"
#include "session/engine.h"
#include "sql/custom_names.h"
#include "sql/deallocate.h"
#include "sql/resets.h"
#include "sql/scan.h"
#include "wire/message.h"

namespace weir::session {

using wire::Piece;
namespace fe = wire::fe;
using stats::Prepared;

namespace {

// How many statements one server may hold beyond the limit while closes are on their way.
constexpr std::size_t kEvictAtOnce = 4;

// What the names in a client's statements depend on. A statement is checked by PostgreSQL each time
// it runs; this is only to spare clients with other tables the error that the check may end in.
std::string_view scope_of(const Client& c) {
  return c.settings->value("search_path");
}

// The values of a statement that may name a setting by a parameter: set_config($1, $2, false).
void note_bound_names(Server& s, Bytes parameters) {
  constexpr std::size_t kNamesMax = 32;
  Reader in(parameters);
  for (std::size_t formats = in.u16(); formats > 0 && in.ok(); --formats) in.u16();
  for (std::size_t values = in.u16(); values > 0 && in.ok(); --values) {
    const std::uint32_t size = in.u32();
    if (size == 0xffffffff) continue;
    const std::string_view value = as_text(in.bytes(size));
    if (in.ok() && s.custom_names.size() < kNamesMax && sql::looks_like_custom_name(value))
      s.custom_names.emplace_back(value);
  }
}

// What has to come behind this portal's statement.
void note_reset(const Client& c, Server& s, std::string_view portal, std::string_view text) {
  std::string sql = restoring_sql(c, s, text, Within::Batch);
  if (sql.empty() && portal != s.reset_portal) return;
  s.restoring_sql = std::move(sql);
  s.reset_portal = portal;
}

}  // namespace

bool Engine::renames_statements(const Client& c) const {
  return c.pool->limits().mode != pool::Mode::Session &&
         config_->settings.max_prepared_statements > 0;
}

// What an earlier part of the pipeline makes of a name or statement is not known before that part
// is answered: an error may have undone it.
bool Engine::must_wait(const Client& c, const Server& s, const Piece& piece) const {
  if (!s.owes_ready()) return false;
  const bool unnamed_open = s.unnamed_at > s.pushed - s.requests.size() &&
                            s.unnamed_at <= s.boundary;
  if (!s.deallocating && !unnamed_open && s.defining == 0 &&
      !(c.statements && c.statements->unconfirmed()))
    return false;
  Reader in(piece.message().body);
  switch (piece.type) {
    case fe::kQuery: {
      const auto command = piece.whole() ? sql::parse_deallocate(in.cstr()) : std::nullopt;
      return command && !command->all && is_unsettled(c, s, command->name);
    }
    case fe::kBind: in.cstr(); break;
    case fe::kDescribe:
    case fe::kClose:
      if (in.u8() != 'S') return false;
      break;
    case fe::kParse: {
      const std::string_view name = in.cstr();
      const Statement* known = statements_.find(in.rest(), scope_of(c));
      return !name.empty() && (is_unsettled(c, s, name) ||
                               (known != nullptr && s.is_being_defined(known->id)));
    }
    default: return false;
  }
  const std::string_view name = in.cstr();
  return name.empty() ? unnamed_open && piece.type != fe::kClose : is_unsettled(c, s, name);
}

bool Engine::is_unsettled(const Client& c, const Server& s, std::string_view name) const {
  if (s.deallocating) return true;
  if (!c.statements) return false;
  if (c.statements->unconfirmed(name, s.changes)) return true;
  const StatementRef* statement = c.statements->find(name);
  return statement != nullptr && s.is_being_defined((*statement)->id);
}

bool Server::is_being_defined(std::uint64_t statement) const {
  if (defining == 0) return false;
  const std::size_t end = boundary - (pushed - requests.size());
  for (std::size_t i = 0; i < end; ++i)
    if (defines(requests[i]) && requests[i].statement == statement) return true;
  return false;
}

void Engine::on_parse(Client& c, const Piece& piece, Instant now, Effects& out) {
  Server& s = *c.server;
  Room& room = room_of(c);
  s.unsynced = true;
  if (!piece.whole()) {
    refuse(c, Fault::TooLarge, "a Parse message is larger than 64 MB", now, out);
    return;
  }
  Reader in(piece.message().body);
  const std::string_view name = in.cstr();
  const Bytes definition = in.rest();
  ++room.counters.client_parse_count;
  if (room.session_state == config::SessionState::Refuse &&
      room.limits().mode != pool::Mode::Session) {
    const std::string_view text = Reader(definition).cstr();
    if (sql::pins(sql::scan(text), text)) return forbid(c, Request::Kind::Parse, now, out);
  }
  if (room.limits().mode == pool::Mode::Session || (!name.empty() && !renames_statements(c))) {
    if (room.limits().mode != pool::Mode::Session) {
      const std::string_view text = Reader(definition).cstr();
      note_effects(s, sql::scan(text), text, out);
    } else if (name.empty() && !c.startup->values.empty()) {
      const std::string_view text = Reader(definition).cstr();
      s.reset_text = sql::parse_reset(text) ? text : "";
    }
    push(s, {.kind = Request::Kind::Parse}, now);
    pass(c, piece, out);
    return;
  }
  if (!in.ok() || Reader(definition).cstr().data() == nullptr) {
    refuse(c, Fault::BadPacket, "broken Parse packet", now, out);
    return;
  }
  if (name.empty()) {
    parse_unnamed(c, piece, definition, now, out);
  } else {
    parse_named(c, name, definition, now, out);
  }
}

void Engine::parse_unnamed(Client& c, const Piece& piece, Bytes definition, Instant now,
                           Effects& out) {
  Server& s = *c.server;
  if (!c.unnamed) c.unnamed = std::make_unique<std::string>();
  c.unnamed->assign(as_text(definition));
  s.unnamed_owner = c.id;
  s.unnamed_version = ++c.unnamed_version;
  const std::string_view text = c.unnamed->c_str();
  const sql::Effects effects = sql::scan(text);
  note_effects(s, effects, text, out);
  if (effects.deallocates && parse_deallocate(c, text, now, out)) return;
  ++room_of(c).counters.server_parse_count;
  push(s, {.kind = Request::Kind::Parse, .unnamed = true}, now);
  pass(c, piece, out);
}

void Engine::parse_named(Client& c, std::string_view name, Bytes definition, Instant now,
                         Effects& out) {
  Server& s = *c.server;
  if (!c.statements) c.statements = std::make_unique<ClientStatements>();
  if (const StatementRef* taken = c.statements->find(name)) {
    if (config_->weir.strict) {
      refuse(c, Fault::DuplicateStatement, "", now, out);
      return;
    }
    // The server gives its own error, for the name that it knows the statement by.
    const StatementRef statement = *taken;
    ensure_statement(s, statement, now, out);
    s.refused.push_back({.instead_of = "42P05", .sqlstate = "42P05",
                         .message = fmt::format("prepared statement \"{}\" already exists", name)});
    send_parse(s, statement->server_name, definition, out);
    push(s, {.kind = Request::Kind::Refuse}, now);
    return;
  }
  StatementRef statement = statements_.intern(definition, scope_of(c));
  const std::uint64_t id = statement->id;
  c.statements->set(name, statement);
  const std::uint64_t epoch = ledger_.schema_epoch.load(std::memory_order_relaxed);
  const bool known = s.statements.fresh(id, epoch) && !s.is_stale(id);
  // In a transaction that has failed, or may have by then, the server must refuse it itself.
  if (known && s.status != 'E' && !s.owes_ready()) {
    ++tally_.prepared[Prepared::Hit];
    s.statements.use(id);
    push(s, {.kind = Request::Kind::FakeParse, .undoable = true}, now);
    if (s.requests.size() == 1) flush_fakes(s, out);
    return;
  }
  // Whoever prepares anew gets a plan that fits today's schema.
  if (s.statements.use(id)) {
    ++tally_.prepared[Prepared::Stale];
    close_statement(s, id, now, out);
  }
  teach(s, *statement, Request::For::Client, now, out);
}

void Engine::send_parse(Server& s, std::string_view name, Bytes definition, Effects& out) {
  wire::Writer(scratch_, fe::kParse).cstr(name).bytes(definition);
  out.send(s.id, scratch_);
  scratch_.clear();
}

// Sends the server a statement; in the client's place, or in front of what the client sent.
void Engine::teach(Server& s, const Statement& statement, Request::For whose, Instant now,
                   Effects& out) {
  ++tally_.prepared[Prepared::Miss];
  const bool held = s.statements.use(statement.id);
  if (!held) evict_statements(s, now, out);
  if (!held) {
    s.statements.add(statement.id, ledger_.schema_epoch.load(std::memory_order_relaxed));
  }
  ++room_of(s).counters.server_parse_count;
  send_parse(s, statement.server_name, statement.definition(), out);
  push(s, {.kind = Request::Kind::Parse, .whose = whose, .undoable = whose == Request::For::Client,
           .statement = held ? 0 : statement.id}, now);
  s.unsynced = true;
}

void Engine::ensure_statement(Server& s, const StatementRef& statement, Instant now,
                              Effects& out) {
  note_effects(s, statement->effects, statement->text(), out);
  if (s.is_stale(statement->id)) {
    ++tally_.prepared[Prepared::Stale];
    close_statement(s, statement->id, now, out);
  }
  if (s.statements.use(statement->id)) {
    ++tally_.prepared[Prepared::Hit];
    return;
  }
  teach(s, *statement, Request::For::Pooler, now, out);
}

// The client's unnamed statement must be the one the server has, or none if it has none.
void Engine::ensure_unnamed(Client& c, Server& s, Instant now, Effects& out) {
  if (s.unnamed_owner == c.id && s.unnamed_version == c.unnamed_version) return;
  if (c.unnamed && !c.unnamed->empty()) {
    const std::string_view text = c.unnamed->c_str();
    note_effects(s, sql::scan(text), text, out);
    wire::Writer(scratch_, fe::kParse).cstr("").text(*c.unnamed);
    push(s, {.kind = Request::Kind::Parse, .whose = Request::For::Pooler, .unnamed = true}, now);
    s.unnamed_owner = c.id;
    s.unnamed_version = c.unnamed_version;
  } else if (s.unnamed_owner.valid()) {
    wire::append_close(scratch_, 'S', "");
    push(s, {.kind = Request::Kind::Close, .whose = Request::For::Pooler, .unnamed = true}, now);
    s.unnamed_owner = {};
  }
  s.unsynced = true;
  out.send(s.id, scratch_);
  scratch_.clear();
}

void Engine::close_statement(Server& s, std::uint64_t id, Instant now, Effects& out) {
  wire::append_close(scratch_, 'S', server_statement_name(id));
  out.send(s.id, scratch_);
  scratch_.clear();
  s.statements.remove(id);
  std::erase(s.stale, id);
  push(s, {.kind = Request::Kind::Close, .whose = Request::For::Pooler, .statement = id}, now);
  s.unsynced = true;
}

// Makes room for one more.
void Engine::evict_statements(Server& s, Instant now, Effects& out) {
  while (!s.stale.empty()) close_statement(s, s.stale.back(), now, out);
  const auto limit = static_cast<std::size_t>(config_->settings.max_prepared_statements);
  for (std::size_t i = 0; s.statements.size() >= limit && i < kEvictAtOnce; ++i) {
    ++tally_.prepared[Prepared::Eviction];
    close_statement(s, s.statements.oldest(), now, out);
  }
}

// Sends a message whose statement name, `name` within the piece's bytes, is replaced by ours.
void Engine::pass_renamed(Client& c, const Piece& piece, std::string_view name,
                          std::string_view server_name, Effects& out) {
  const ServerId to = c.server->id;
  const auto before = static_cast<std::size_t>(as_bytes(name).data() - piece.bytes.data());
  const Bytes rest = piece.bytes.subspan(before + name.size() + 1);
  const std::size_t head_size = before + server_name.size() + 1;
  std::uint8_t* head = out.arena().allocate(head_size);
  std::copy_n(piece.bytes.data(), before, head);
  std::copy_n(server_name.data(), server_name.size(), head + before);
  head[head_size - 1] = 0;
  store_u32(head + 1,
            static_cast<std::uint32_t>(piece.total - 1 - name.size() + server_name.size()));
  out.forward(to, {head, head_size});
  c.forwarding = true;
  if (piece.held) {
    out.send(to, rest);
  } else {
    out.forward(to, rest);
  }
}

bool Engine::on_bind(Client& c, const Piece& piece, Instant now, Effects& out) {
  Server& s = *c.server;
  Reader in(piece.message().body);
  const std::string_view portal = in.cstr();
  const std::string_view name = in.cstr();
  if (!in.ok()) {
    refuse(c, Fault::BadPacket, "broken Bind packet", now, out);
    return true;
  }
  const StatementRef* statement = nullptr;
  if (room_of(c).limits().mode == pool::Mode::Session) {
    // The client has the server, and the server the client's statements, to itself.
  } else if (name.empty()) {
    ensure_unnamed(c, s, now, out);
  } else if (c.statements) {
    statement = c.statements->find(name);
  }
  if (statement == nullptr && !name.empty() && config_->weir.strict && renames_statements(c)) {
    refuse(c, Fault::UnknownStatement, "", now, out);
    return true;
  }
  if (statement != nullptr && !fitted(c, *statement, now, out)) return !s.held;
  s.unsynced = true;
  note_reset(c, s, portal, statement != nullptr ? (*statement)->text()
                           : !name.empty()      ? std::string_view()
                           : c.unnamed          ? c.unnamed->c_str()
                                                : std::string_view(s.reset_text));
  ++room_of(c).counters.bind_count;
  if (s.settings_touched) note_bound_names(s, in.rest());
  if (statement == nullptr) {
    push(s, {.kind = Request::Kind::Bind}, now);
    pass(c, piece, out);
    return true;
  }
  const std::uint64_t id = (*statement)->id;
  push(s, {.kind = Request::Kind::Bind, .told = c.statements->told(id) != kUnknownShape,
           .statement = id}, now);
  pass_renamed(c, piece, name, (*statement)->server_name, out);
  return true;
}

bool Engine::on_describe(Client& c, const Piece& piece, Instant now, Effects& out) {
  Server& s = *c.server;
  s.unsynced = true;
  Reader in(piece.message().body);
  const bool statement_kind = in.u8() == 'S';
  const std::string_view name = in.cstr();
  const StatementRef* statement = nullptr;
  if (in.done() && statement_kind && room_of(c).limits().mode != pool::Mode::Session) {
    if (name.empty()) {
      ensure_unnamed(c, s, now, out);
    } else if (c.statements) {
      statement = c.statements->find(name);
    }
  }
  if (statement == nullptr && statement_kind && !name.empty() && config_->weir.strict &&
      renames_statements(c)) {
    refuse(c, Fault::UnknownStatement, "", now, out);
    return true;
  }
  if (statement == nullptr) {
    push(s, {.kind = Request::Kind::Describe}, now);
    pass(c, piece, out);
    return true;
  }
  if (!fitted(c, *statement, now, out)) return !s.held;
  const std::uint64_t id = (*statement)->id;
  push(s, {.kind = Request::Kind::Describe, .told = c.statements->told(id) != kUnknownShape,
           .statement = id}, now);
  pass_renamed(c, piece, name, (*statement)->server_name, out);
  return true;
}

void Engine::on_close(Client& c, const Piece& piece, Instant now, Effects& out) {
  Server& s = *c.server;
  s.unsynced = true;
  Reader in(piece.message().body);
  const bool statement_kind = in.u8() == 'S';
  const std::string_view name = in.cstr();
  const bool unnamed = in.done() && statement_kind && name.empty();
  if (unnamed) {
    end_unnamed(c);
    s.unnamed_owner = {};
  } else if (in.done() && statement_kind && c.statements && c.statements->find(name)) {
    c.statements->erase(name);
    push(s, {.kind = Request::Kind::FakeClose, .undoable = true}, now);
    if (s.requests.size() == 1) flush_fakes(s, out);
    return;
  }
  push(s, {.kind = Request::Kind::Close, .unnamed = unnamed}, now);
  pass(c, piece, out);
}

// `DEALLOCATE name` of a protocol-level statement: some drivers close theirs this way. The name is
// the client's alone, so the answer is the pooler's, in its turn.
bool Engine::deallocate(Client& c, std::string_view text, Instant now, Effects& out) {
  const auto command = sql::parse_deallocate(text);
  if (!command || command->all || !c.statements || c.statements->find(command->name) == nullptr)
    return false;
  c.statements->erase(command->name);
  end_unnamed(c);  // as a simple Query does
  if (c.server == nullptr) {
    c.statements->confirm_oldest();
    append_deallocated(scratch_, 'I');
    out.send(c.id, scratch_);
    scratch_.clear();
    return true;
  }
  c.server->unnamed_owner = kStranger;  // the server has not seen it
  push(*c.server, {.kind = Request::Kind::FakeDeallocate, .undoable = true}, now);
  if (c.server->requests.size() == 1) flush_fakes(*c.server, out);
  return true;
}

// The same by the extended protocol, as the unnamed statement. The server may not hold that one,
// so it is given an empty one to deallocate.
bool Engine::parse_deallocate(Client& c, std::string_view text, Instant now, Effects& out) {
  constexpr std::string_view kEmpty = "WEIR_empty";
  constexpr std::uint8_t kNoTypes[] = {0, 0};
  const auto command = sql::parse_deallocate(text);
  if (!command || command->all || !c.statements || c.statements->find(command->name) == nullptr)
    return false;
  c.statements->erase(command->name);
  Server& s = *c.server;
  wire::append_close(scratch_, 'S', kEmpty);  // left behind by one that was not executed
  push(s, {.kind = Request::Kind::Close, .whose = Request::For::Pooler}, now);
  wire::append_parse(scratch_, kEmpty, "", kNoTypes);
  push(s, {.kind = Request::Kind::Parse, .whose = Request::For::Pooler}, now);
  wire::append_parse(scratch_, "", "DEALLOCATE \"WEIR_empty\"", kNoTypes);
  push(s, {.kind = Request::Kind::Parse, .unnamed = true, .undoable = true}, now);
  out.send(s.id, scratch_);
  scratch_.clear();
  return true;
}

// An unnamed statement whose Parse the server did not carry out: nobody has one there that we know.
void Engine::unnamed_uncertain(Server& s) {
  if (s.client != nullptr) end_unnamed(*s.client);
  s.unnamed_owner = kStranger;
}

void Engine::end_unnamed(Client& c) {
  if (c.unnamed) c.unnamed->clear();
  ++c.unnamed_version;
}

}  // namespace weir::session
