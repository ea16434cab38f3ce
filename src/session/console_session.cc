#include "session/console_session.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "session/result_formats.h"

namespace weir::session {

namespace {

namespace fe = wire::fe;
namespace be = wire::be;
using Step = ConsoleSession::Step;

constexpr std::size_t kStatementsMax = 1000;
constexpr std::size_t kPortalsMax = 100;

// The message at the front of an answer, which is advanced past it.
wire::Message next_message(Bytes& answer) {
  Reader in(answer);
  const std::uint8_t type = in.u8();
  const std::uint32_t length = in.u32();
  const Bytes body = in.bytes(length - 4);
  ASSERT(in.ok());
  const Bytes whole = answer.first(in.at());
  answer = answer.subspan(in.at());
  return {type, body, whole};
}

void append(wire::Buffer& out, Bytes bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

// Drivers send such a statement to see whether the connection lives.
bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n;") == std::string_view::npos;
}

bool is_extended(std::uint8_t type) {
  return type == fe::kParse || type == fe::kBind || type == fe::kDescribe ||
         type == fe::kExecute || type == fe::kClose || type == fe::kSync || type == fe::kFlush;
}

}  // namespace

Step ConsoleSession::take(const wire::Message& message, wire::Buffer& out) {
  ASSERT(!busy());
  if (message.type == fe::kTerminate) return {.kind = Step::Kind::Leave};
  if (skipping_ && message.type != fe::kSync) return {};
  if (simple_only_ && is_extended(message.type)) {
    wire::append_error(out, {.sqlstate = "08P01",
                             .message = "extended query protocol not supported by admin console"});
    return {.kind = Step::Kind::Refuse};
  }
  switch (message.type) {
    case fe::kQuery:
      statements_.erase("");  // as a simple query does
      portals_.erase("");
      return run(Waiting::Query, ConsoleCommand::Stage::Run,
                 std::string(Reader(message.body).cstr()));
    case fe::kParse: return parse(message.body, out);
    case fe::kBind: return bind(message.body, out);
    case fe::kDescribe: return describe(message.body, out);
    case fe::kExecute: return execute(message.body, out);
    case fe::kClose: return close(message.body, out);
    case fe::kSync: return sync(out);
    case fe::kFlush: return {};  // every answer goes out at once
    default: return {.kind = Step::Kind::Refuse};
  }
}

Step ConsoleSession::run(Waiting waiting, ConsoleCommand::Stage stage, const std::string& text) {
  waiting_ = waiting;
  return {.kind = Step::Kind::Run, .command = {.stage = stage, .admin = admin_, .text = text}};
}

Step ConsoleSession::fail(wire::Buffer& out, std::string_view sqlstate, std::string_view text) {
  wire::append_error(out, {.sqlstate = sqlstate, .message = text});
  skipping_ = true;
  return {};
}

Step ConsoleSession::parse(Bytes body, wire::Buffer& out) {
  Reader in(body);
  const std::string_view name = in.cstr();
  const std::string_view text = in.cstr();
  if (!in.ok()) return fail(out, "08P01", "invalid Parse message");
  if (!name.empty() && statements_.contains(name))
    return fail(out, "42P05", fmt::format("prepared statement \"{}\" already exists", name));
  if (statements_.size() >= kStatementsMax)
    return fail(out, "54000", "too many prepared statements for the console");
  statements_.insert_or_assign(std::string(name), std::string(text));
  wire::append_empty(out, be::kParseComplete);
  return {};
}

Step ConsoleSession::bind(Bytes body, wire::Buffer& out) {
  Reader in(body);
  const std::string_view name = in.cstr();
  const std::string_view statement = in.cstr();
  for (std::size_t formats = in.u16(); formats > 0 && in.ok(); --formats) in.u16();
  const std::uint16_t values = in.u16();
  if (in.ok() && values > 0)
    return fail(out, "08P01", fmt::format("bind message supplies {} parameters, but prepared "
                                          "statement \"{}\" requires 0", values, statement));
  Portal portal;
  for (std::size_t formats = in.u16(); formats > 0 && in.ok(); --formats)
    portal.formats.push_back(in.u16());
  if (!in.done()) return fail(out, "08P01", "invalid Bind message");
  const auto known = statements_.find(statement);
  if (known == statements_.end())
    return fail(out, "26000", fmt::format("prepared statement \"{}\" does not exist", statement));
  if (!name.empty() && portals_.contains(name))
    return fail(out, "42P03", fmt::format("cursor \"{}\" already exists", name));
  if (portals_.size() >= kPortalsMax)
    return fail(out, "54000", "too many portals for the console");
  portal.text = known->second;
  portals_.insert_or_assign(std::string(name), std::move(portal));
  wire::append_empty(out, be::kBindComplete);
  return {};
}

Step ConsoleSession::describe(Bytes body, wire::Buffer& out) {
  Reader in(body);
  const std::uint8_t kind = in.u8();
  portal_name_ = in.cstr();
  if (!in.done() || (kind != 'S' && kind != 'P'))
    return fail(out, "08P01", "invalid Describe message");
  const auto statement = statements_.find(portal_name_);
  const auto portal = portals_.find(portal_name_);
  if (kind == 'S' && statement == statements_.end())
    return fail(out, "26000", fmt::format("prepared statement \"{}\" does not exist",
                                          portal_name_));
  if (kind == 'P' && portal == portals_.end())
    return fail(out, "34000", fmt::format("portal \"{}\" does not exist", portal_name_));
  const std::string& text = kind == 'S' ? statement->second : portal->second.text;
  if (!is_blank(text))
    return run(kind == 'S' ? Waiting::Statement : Waiting::Portal,
               ConsoleCommand::Stage::Describe, text);
  if (kind == 'S') wire::Writer(out, be::kParameterDescription).u16(0);
  wire::append_empty(out, be::kNoData);
  return {};
}

Step ConsoleSession::execute(Bytes body, wire::Buffer& out) {
  Reader in(body);
  portal_name_ = in.cstr();
  rows_wanted_ = in.u32();
  if (!in.done()) return fail(out, "08P01", "invalid Execute message");
  const auto portal = portals_.find(portal_name_);
  if (portal == portals_.end())
    return fail(out, "34000", fmt::format("portal \"{}\" does not exist", portal_name_));
  if (portal->second.ran) {
    give_rows(portal->second, out);
  } else if (is_blank(portal->second.text)) {
    wire::append_empty(out, be::kEmptyQuery);
  } else {
    return run(Waiting::Execute, ConsoleCommand::Stage::Run, portal->second.text);
  }
  return {};
}

Step ConsoleSession::close(Bytes body, wire::Buffer& out) {
  Reader in(body);
  const std::uint8_t kind = in.u8();
  const std::string name(in.cstr());
  if (!in.done() || (kind != 'S' && kind != 'P'))
    return fail(out, "08P01", "invalid Close message");
  if (kind == 'S') {
    statements_.erase(name);
  } else {
    portals_.erase(name);
  }
  wire::append_empty(out, be::kCloseComplete);
  return {};
}

// Every command is a transaction of its own, so no portal outlives its Sync.
Step ConsoleSession::sync(wire::Buffer& out) {
  skipping_ = false;
  portals_.clear();
  wire::append_ready(out, 'I');
  return {};
}

void ConsoleSession::reply(Bytes answer, wire::Buffer& out) {
  ASSERT(busy());
  switch (waiting_) {
    case Waiting::Query: append(out, answer); break;
    case Waiting::Statement:
    case Waiting::Portal: described(answer, out); break;
    case Waiting::Execute: executed(answer, out); break;
    case Waiting::Nothing: break;
  }
  waiting_ = Waiting::Nothing;
}

void ConsoleSession::described(Bytes answer, wire::Buffer& out) {
  const wire::Message message = next_message(answer);
  skipping_ = message.type == be::kErrorResponse;
  const bool statement = waiting_ == Waiting::Statement;
  if (statement && !skipping_) wire::Writer(out, be::kParameterDescription).u16(0);
  if (statement || message.type != be::kRowDescription) {
    append(out, message.whole);
    return;
  }
  ResultFormats formats(portals_.find(portal_name_)->second.formats);
  if (const auto wrong = formats.describe(message.body, out)) fail(out, "08P01", *wrong);
}

// The answer of the simple protocol without its description and its ReadyForQuery, the rows in the
// formats that were asked for.
void ConsoleSession::executed(Bytes answer, wire::Buffer& out) {
  Portal& portal = portals_.find(portal_name_)->second;
  ResultFormats formats(portal.formats);
  wire::Buffer description;
  portal.ran = true;
  while (!answer.empty()) {
    const wire::Message message = next_message(answer);
    skipping_ |= message.type == be::kErrorResponse;
    if (message.type == be::kRowDescription) {
      if (const auto wrong = formats.describe(message.body, description)) {
        fail(out, "08P01", *wrong);
        return;
      }
    } else if (message.type == be::kDataRow) {
      formats.append_row(message.body, portal.rest);
    } else if (message.type != be::kReadyForQuery) {
      append(portal.rest, message.whole);
    }
  }
  give_rows(portal, out);
}

// As many rows as the Execute wants. CommandComplete stays, for an Execute behind the end.
void ConsoleSession::give_rows(Portal& portal, wire::Buffer& out) {
  Bytes rest = portal.rest;
  std::uint32_t rows = 0;
  while (!rest.empty()) {
    const Bytes before = rest;
    const wire::Message message = next_message(rest);
    const bool row = message.type == be::kDataRow;
    if (row && rows_wanted_ > 0 && rows == rows_wanted_) {
      wire::append_empty(out, be::kPortalSuspended);
      portal.rest = wire::Buffer(before.begin(), before.end());
      return;
    }
    rows += row ? 1 : 0;
    append(out, message.whole);
    if (rest.empty()) portal.rest = wire::Buffer(before.begin(), before.end());
  }
}

}  // namespace weir::session
