#include "session/connect_query.h"

#include <fmt/format.h>

#include "session/engine.h"
#include "sql/custom_names.h"
#include "wire/message.h"

namespace weir::session {

namespace be = wire::be;

bool ConnectQuery::begin(Engine& engine, Server& s, Effects& out) {
  const auto& query = engine.room_of(s).entry->connect_query;
  if (!query) return false;
  s.phase = ServerPhase::Setup;
  s.setup = Setup::Query;
  wire::append_query(engine.scratch_, *query);
  out.send(s.id, engine.scratch_);
  engine.scratch_.clear();
  return true;
}

bool ConnectQuery::message(Engine& engine, Server& s, const wire::Piece& piece, Instant now,
                           Effects& out) {
  switch (piece.type) {
    case be::kReadyForQuery:
      return piece.total == 6 &&
             on_ready(engine, s, static_cast<char>(piece.message().body[0]), now, out);
    case be::kErrorResponse: on_error(engine, s, piece.message().body, out); return true;
    case be::kParameterStatus: return read_parameter(s, piece.message().body);
    case be::kDataRow:
      if (s.setup == Setup::Inquiry) engine.begin_pooler_row(s, piece);
      return true;
    case be::kCopyIn:
      wire::Writer(engine.scratch_, wire::fe::kCopyFail).cstr("connect_query has no data to copy");
      out.send(s.id, engine.scratch_);
      engine.scratch_.clear();
      return true;
    case be::kRowDescription:
    case be::kCommandComplete:
    case be::kEmptyQuery:
    case be::kNoticeResponse:
    case be::kNotification:
    case be::kCopyOut:
    case be::kCopyData:
    case be::kCopyDone: return true;
    default: return false;
  }
}

// What is wrong with the query is the administrator's to know; clients are served all the same.
void ConnectQuery::on_error(Engine& engine, Server& s, Bytes body, Effects& out) {
  s.pooler_error = true;
  engine.tally_.server_errors.count(wire::report_field(body, 'C'));
  engine.log(s, out, LogLevel::Warning,
             fmt::format("connect_query failed: {} {}", wire::report_field(body, 'S'),
                         wire::report_field(body, 'M')));
}

bool ConnectQuery::on_ready(Engine& engine, Server& s, char status, Instant now, Effects& out) {
  switch (s.setup) {
    case Setup::Query:
      if (status == 'I') {
        ask(engine, s, out);
        return true;
      }
      engine.log(s, out, LogLevel::Warning,
                 "connect_query has left a transaction open, which is rolled back");
      s.setup = Setup::Rollback;
      wire::append_query(engine.scratch_, "ROLLBACK");
      out.send(s.id, engine.scratch_);
      engine.scratch_.clear();
      return true;
    case Setup::Rollback:
      if (status == 'I') ask(engine, s, out);
      return status == 'I';
    case Setup::Inquiry:
      if (status != 'I' || s.pooler_error) return false;
      s.base = s.settings = engine.room_of(s).settings.intern(s.answer);
      s.answer.clear();
      engine.server_ready(s, now, out);
      return true;
  }
  return false;
}

void ConnectQuery::ask(Engine& engine, Server& s, Effects& out) {
  const Room& room = engine.room_of(s);
  s.setup = Setup::Inquiry;
  s.pooler_error = false;
  s.answer.clear();
  sql::custom_names(*room.entry->connect_query, s.custom_names);
  wire::append_query(engine.scratch_, inquiry_sql(room.user(), s.custom_names));
  s.custom_names.clear();
  out.send(s.id, engine.scratch_);
  engine.scratch_.clear();
}

}  // namespace weir::session
