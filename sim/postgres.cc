#include "postgres.h"

#include "base/bytes.h"
#include "wire/message.h"

namespace weir::sim {

namespace be = wire::be;
using Kind = Command::Kind;

namespace {

constexpr std::string_view kAborted =
    "current transaction is aborted, commands ignored until end of transaction block";

}  // namespace

std::optional<Request> take_request(std::string& bytes) {
  if (bytes.size() < wire::kHeaderSize) return std::nullopt;
  const std::size_t size = load_u32(as_bytes(bytes).data() + 1) + 1;
  if (bytes.size() < size) return std::nullopt;
  Request request{bytes[0], bytes.substr(wire::kHeaderSize, size - wire::kHeaderSize)};
  bytes.erase(0, size);
  return request;
}

std::string Postgres::greeting() {
  out_.clear();
  wire::append_authentication(out_, wire::authentication::kOk);
  for (const auto& [name, value] : settings_.changed_reports())
    wire::append_parameter_status(out_, name, value);
  return std::string(as_text(out_));
}

int Postgres::sleep_ms(const Request& request) const {
  if (skipping_ || status_ == 'E' || copying_ || streaming_) return 0;
  int sum = 0;
  if (request.type == 'Q') {
    for (const Command& command : read_commands(Reader(as_bytes(request.body)).cstr()))
      if (command.kind == Kind::Sleep) sum += command.rows;
  } else if (request.type == 'E') {
    const auto portal = portals_.find(std::string(Reader(as_bytes(request.body)).cstr()));
    if (portal != portals_.end() && portal->second.command.kind == Kind::Sleep)
      sum = portal->second.command.rows;
  }
  return sum;
}

std::string Postgres::handle(const Request& request, bool canceled) {
  out_.clear();
  if (copying_) {
    copy_message(request);
    return std::string(as_text(out_));
  }
  if (streaming_) {
    stream_message(request);
    return std::string(as_text(out_));
  }
  if (skipping_ && request.type != 'S') return {};
  extended_ = request.type != 'Q' && request.type != 'F';
  switch (request.type) {
    case 'Q': query(Reader(as_bytes(request.body)).cstr(), canceled); break;
    case 'P': parse(request.body); break;
    case 'B': bind(request.body); break;
    case 'D': describe(request.body); break;
    case 'E': execute(request.body, canceled); break;
    case 'C': close(request.body); break;
    case 'S': sync(); break;
    case 'F': function_call(); break;
    default: break;  // Flush, and COPY's messages outside a COPY
  }
  return std::string(as_text(out_));
}

void Postgres::query(std::string_view text, bool canceled) {
  statements_.erase("");
  begin_work();
  for (const Command& command : read_commands(text)) {
    if (command.kind == Kind::Empty) {
      wire::append_empty(out_, be::kEmptyQuery);
      continue;
    }
    if (refused(command)) break;
    begin_work();
    if (command.returns_rows()) describe_rows(command);
    if (!run(command, canceled, nullptr, 0)) break;
    if (copying_ || streaming_) return;  // the rest is not written for more
  }
  if (status_ == 'I' && !implicit_) commit_work();
  ready();
}

void Postgres::parse(const std::string& body) {
  Reader in(as_bytes(body));
  const std::string name(in.cstr());
  const std::string_view text = in.cstr();
  begin_work();
  implicit_ = true;
  if (name.empty()) statements_.erase("");
  const Command command = read_command(text);
  if (command.kind == Kind::Unknown) return fail("42601", "syntax error in " + command.text);
  if (refused(command)) return;
  if (statements_.contains(name))
    return fail("42P05", "prepared statement \"" + name + "\" already exists");
  statements_[name] = text;
  wire::append_empty(out_, be::kParseComplete);
}

namespace {

// The only value of a Bind whose names have been read.
std::string_view text_parameter(Reader& in) {
  in.bytes(in.u16() * std::size_t{2});
  return in.u16() == 1 ? as_text(in.bytes(in.u32())) : "";
}

}  // namespace

void Postgres::bind(const std::string& body) {
  Reader in(as_bytes(body));
  const std::string portal(in.cstr());
  const std::string name(in.cstr());
  begin_work();
  implicit_ = true;
  const auto statement = statements_.find(name);
  if (statement == statements_.end())
    return fail("26000", name.empty() ? "unnamed prepared statement does not exist"
                                      : "prepared statement \"" + name + "\" does not exist");
  Command command = read_command(statement->second);
  if (refused(command)) return;
  if (command.kind == Kind::AuthQuery) command.name = text_parameter(in);
  if (!portal.empty() && portals_.contains(portal))
    return fail("42P03", "cursor \"" + portal + "\" already exists");
  portals_[portal] = {.command = std::move(command)};
  wire::append_empty(out_, be::kBindComplete);
}

void Postgres::describe(const std::string& body) {
  Reader in(as_bytes(body));
  const char kind = static_cast<char>(in.u8());
  const std::string name(in.cstr());
  begin_work();
  implicit_ = true;
  Command command;
  if (kind == 'S') {
    const auto statement = statements_.find(name);
    if (statement == statements_.end())
      return fail("26000", name.empty() ? "unnamed prepared statement does not exist"
                                        : "prepared statement \"" + name + "\" does not exist");
    command = read_command(statement->second);
  } else {
    const auto portal = portals_.find(name);
    if (portal == portals_.end()) return fail("34000", "portal \"" + name + "\" does not exist");
    command = portal->second.command;
  }
  if (command.returns_rows() && refused(command)) return;
  if (kind == 'S') wire::Writer(out_, be::kParameterDescription).u16(0);
  if (command.returns_rows()) {
    describe_rows(command);
  } else {
    wire::append_empty(out_, be::kNoData);
  }
}

void Postgres::execute(const std::string& body, bool canceled) {
  Reader in(as_bytes(body));
  const std::string name(in.cstr());
  const int rows_most = static_cast<int>(in.u32());
  begin_work();
  implicit_ = true;
  const auto portal = portals_.find(name);
  if (portal == portals_.end()) return fail("34000", "portal \"" + name + "\" does not exist");
  if (portal->second.command.kind == Kind::Empty) {
    wire::append_empty(out_, be::kEmptyQuery);
    return;
  }
  if (refused(portal->second.command)) return;
  // The transaction's end takes its portals with it, this one too.
  const Command command = portal->second.command;
  run(command, canceled, command.kind == Kind::Echo ? &portal->second : nullptr, rows_most);
}

void Postgres::close(const std::string& body) {
  Reader in(as_bytes(body));
  const char kind = static_cast<char>(in.u8());
  const std::string name(in.cstr());
  begin_work();
  implicit_ = true;
  if (kind == 'S') {
    statements_.erase(name);
  } else {
    portals_.erase(name);
  }
  wire::append_empty(out_, be::kCloseComplete);
}

void Postgres::sync() {
  skipping_ = false;
  if (status_ == 'I') commit_work();
  implicit_ = false;
  ready();
}

// COPY FROM STDIN reads everything else away; Flush and Sync are nothing to it.
void Postgres::copy_message(const Request& request) {
  switch (request.type) {
    case 'd': copy_bytes_ += request.body.size(); return;
    case 'H':
    case 'S': return;
    case 'c':
      copying_ = false;
      extended_ = copy_extended_;
      complete("COPY " + std::to_string(copy_bytes_));
      break;
    case 'f':
      copying_ = false;
      extended_ = copy_extended_;
      fail("57014", "COPY from stdin failed: " +
                        std::string(Reader(as_bytes(request.body)).cstr()));
      break;
    default:
      copying_ = false;
      extended_ = copy_extended_;
      fail("08P01", "unexpected message type during COPY from stdin");
      break;
  }
  if (copy_extended_) return;
  if (status_ == 'I') commit_work();
  ready();
}

// A walsender reads what the standby says, until it is told the end.
void Postgres::stream_message(const Request& request) {
  if (request.type != 'c') return;
  streaming_ = false;
  wire::append_empty(out_, be::kCopyDone);
  complete("START_REPLICATION");
  ready();
}

void Postgres::function_call() {
  begin_work();
  if (status_ == 'E') {
    fail("25P02", kAborted);
  } else {
    wire::Writer(out_, be::kFunctionCallResponse).u32(4).u32(42);
  }
  if (status_ == 'I') commit_work();
  ready();
}

bool Postgres::refused(const Command& command) {
  if (status_ != 'E' || command.works_in_failed_transaction()) return false;
  fail("25P02", kAborted);
  return true;
}

void Postgres::begin_work() {
  if (status_ == 'I') settings_.begin();
}

void Postgres::commit_work() {
  settings_.commit();
  portals_.clear();
}

void Postgres::fail(std::string_view sqlstate, std::string_view message) {
  wire::append_error(out_, {.sqlstate = sqlstate, .message = message});
  if (status_ == 'I') {
    settings_.rollback();
    portals_.clear();
  } else {
    status_ = 'E';
  }
  skipping_ = extended_;
}

void Postgres::complete(std::string_view tag) { wire::append_command_complete(out_, tag); }

void Postgres::ready() {
  for (const auto& [name, value] : settings_.changed_reports())
    wire::append_parameter_status(out_, name, value);
  wire::append_ready(out_, status_);
}

}  // namespace weir::sim
