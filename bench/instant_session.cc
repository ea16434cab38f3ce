#include "instant_session.h"

#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "instant_answers.h"
#include "wire/message.h"

namespace weir::bench {

using wire::Buffer;
using wire::Writer;
namespace be = wire::be;
namespace fe = wire::fe;

namespace {

constexpr std::uint32_t kMessageSizeMax = 1 << 30;

void append(Buffer& out, const Buffer& more) { out.insert(out.end(), more.begin(), more.end()); }

bool returns_rows(const Plan& plan) {
  return plan.answer == Answer::kRow || plan.answer == Answer::kRows;
}

}  // namespace

void InstantSession::receive(Bytes in, Buffer& out) {
  if (held_.empty()) {
    const auto used = consume(in, out);
    const auto rest = in.subspan(used);
    held_.assign(rest.begin(), rest.end());
  } else {
    held_.insert(held_.end(), in.begin(), in.end());
    consume_held(out);
  }
}

void InstantSession::stream_sent(Buffer& out) {
  ASSERT(stream_.left == 0);
  append(out, stream_.tail);
  stream_.tail.clear();
  consume_held(out);
}

void InstantSession::consume_held(Buffer& out) {
  const auto used = consume(held_, out);
  held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(used));
}

std::size_t InstantSession::consume(Bytes in, Buffer& out) {
  std::size_t at = 0;
  if (skip_ > 0) {
    at = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, in.size()));
    skip_ -= at;
  }
  while (!over_ && stream_.left == 0) {
    const auto rest = in.subspan(at);
    const std::size_t type_size = started_ ? 1 : 0;
    if (rest.size() < type_size + 4) break;
    const std::uint32_t length = load_u32(rest.data() + type_size);
    if (length < 4 || length > kMessageSizeMax) {
      over_ = true;
      break;
    }
    const std::size_t total = type_size + length;
    if (rest.size() < total) {
      if (!copying_ || rest[0] != fe::kCopyData) break;
      skip_ = total - rest.size();
      return in.size();
    }
    at += total;
    const auto body = rest.subspan(type_size + 4, length - 4);
    if (started_) {
      handle(rest[0], body, out);
    } else {
      start(body, out);
    }
  }
  return at;
}

void InstantSession::start(Bytes body, Buffer& out) {
  Reader in(body);
  const auto code = in.u32();
  if (code == wire::kSslCode || code == wire::kGssCode) {
    out.push_back('N');
    return;
  }
  if (code == wire::kCancelCode || code >> 16 != 3) {
    over_ = true;
    return;
  }
  if ((code & 0xFFFF) != 0) Writer(out, be::kNegotiate).u32(wire::kProtocol30).u32(0);
  ParameterValues values;
  for (auto name = in.cstr(); !name.empty(); name = in.cstr()) values.set(name, in.cstr());
  wire::append_authentication(out, 0);
  values.append_to(out);
  Writer(out, be::kBackendKeyData).u32(1).u32(1);
  started_ = true;
  ready(out);
}

void InstantSession::handle(std::uint8_t type, Bytes body, Buffer& out) {
  if (copying_) return copy_message(type, out);
  Reader in(body);
  switch (type) {
    case fe::kQuery: return query(in.cstr(), out);
    case fe::kSync: failed_ = false; return ready(out);
    case fe::kTerminate: over_ = true; return;
    case fe::kFunctionCall:
      Writer(out, be::kFunctionCallResponse).u32(0xFFFFFFFF);
      return ready(out);
    default:
      if (!failed_) handle_extended(type, in, out);
  }
}

void InstantSession::handle_extended(std::uint8_t type, Reader& body, Buffer& out) {
  switch (type) {
    case fe::kParse: return parse(body, out);
    case fe::kBind: return bind(body, out);
    case fe::kDescribe: return describe(body, out);
    case fe::kExecute: return execute(body, out);
    case fe::kClose: return close(body, out);
    default:  // Flush, and copy data that comes too late
      return;
  }
}

void InstantSession::query(std::string_view text, Buffer& out) {
  do {
    run(plan_for(take_statement(text)), false, true, out);
  } while (!text.empty() && stream_.left == 0 && !copying_);
  if (stream_.left == 0 && !copying_) ready(out);
}

void InstantSession::parse(Reader& body, Buffer& out) {
  const auto name = body.cstr();
  if (!name.empty() && statements_.find(name) != nullptr) {
    return fail("42P05", fmt::format("prepared statement \"{}\" already exists", name), out);
  }
  statements_.put(name, plan_for(body.cstr()));
  wire::append_empty(out, be::kParseComplete);
}

void InstantSession::bind(Reader& body, Buffer& out) {
  const auto portal = body.cstr();
  const auto name = body.cstr();
  const auto* plan = statements_.find(name);
  if (plan == nullptr) {
    return fail("26000", fmt::format("prepared statement \"{}\" does not exist", name), out);
  }
  body.bytes(std::size_t{2} * body.u16());
  for (int left = body.u16(); left > 0; --left) {
    const auto size = body.u32();
    if (size != 0xFFFFFFFF) body.bytes(size);
  }
  const bool binary = body.u16() > 0 && body.u16() == 1;
  portals_.put(portal, Portal{*plan, binary});
  wire::append_empty(out, be::kBindComplete);
}

void InstantSession::describe(Reader& body, Buffer& out) {
  const char what = static_cast<char>(body.u8());
  const auto name = body.cstr();
  const auto* portal = what == 'P' ? portals_.find(name) : nullptr;
  const auto* plan =
      what == 'P' ? (portal == nullptr ? nullptr : &portal->plan) : statements_.find(name);
  if (plan == nullptr)
    return fail(what == 'P' ? "34000" : "26000", fmt::format("\"{}\" does not exist", name), out);
  if (what == 'S') {
    Writer types(out, be::kParameterDescription);
    types.u16(plan->parameters);
    for (int left = plan->parameters; left > 0; --left) types.u32(23);
  }
  if (!returns_rows(*plan)) {
    wire::append_empty(out, be::kNoData);
  } else if (portal != nullptr && portal->binary) {
    append_row_description(out, true);
  } else {
    append(out, canned().description);
  }
}

void InstantSession::execute(Reader& body, Buffer& out) {
  const auto name = body.cstr();
  const auto* portal = portals_.find(name);
  if (portal == nullptr)
    return fail("34000", fmt::format("portal \"{}\" does not exist", name), out);
  run(portal->plan, portal->binary, false, out);
}

void InstantSession::close(Reader& body, Buffer& out) {
  if (body.u8() == 'S') {
    statements_.remove(body.cstr());
  } else {
    portals_.remove(body.cstr());
  }
  wire::append_empty(out, be::kCloseComplete);
}

void InstantSession::run(const Plan& plan, bool binary, bool simple, Buffer& out) {
  switch (plan.answer) {
    case Answer::kNothing: wire::append_empty(out, be::kEmptyQuery); return;
    case Answer::kRow:
      if (simple) append(out, canned().description);
      append(out, binary ? canned().binary_row : canned().row);
      break;
    case Answer::kCommand: apply(plan); break;
    case Answer::kRows:
    case Answer::kCopyOut: return begin_stream(plan, simple, out);
    case Answer::kCopyIn:
      Writer(out, be::kCopyIn).u8(0).u16(1).u16(0);
      copying_ = true;
      copy_is_simple_ = simple;
      return;
  }
  wire::append_command_complete(out, plan.tag);
}

void InstantSession::apply(const Plan& plan) {
  if (plan.effect == Effect::kBegin) status_ = 'T';
  if (plan.effect == Effect::kEnd) status_ = 'I';
  if (plan.effect == Effect::kBackToSavepoint) status_ = 'T';
  if (plan.setting.empty()) return;
  report_parameter(reports_, plan.setting, plan.value);
}

void InstantSession::begin_stream(const Plan& plan, bool simple, Buffer& out) {
  const bool copy = plan.answer == Answer::kCopyOut;
  if (copy) {
    Writer(out, be::kCopyOut).u8(0).u16(1).u16(0);
  } else if (simple) {
    append(out, canned().description);
  }
  stream_.tail.clear();
  if (copy) wire::append_empty(stream_.tail, be::kCopyDone);
  wire::append_command_complete(stream_.tail, fmt::format("{} {}", plan.tag, plan.rows));
  if (plan.rows == 0) {
    append(out, stream_.tail);
    return;
  }
  if (simple) ready(stream_.tail);
  const auto type = copy ? be::kCopyData : be::kDataRow;
  stream_.block = &blocks_.of(type, plan.row_size);
  stream_.at = 0;
  stream_.left = plan.rows * message_size(type, plan.row_size);
}

void InstantSession::copy_message(std::uint8_t type, Buffer& out) {
  if (type == fe::kTerminate) over_ = true;
  if (type != fe::kCopyDone && type != fe::kCopyFail) return;  // data, Flush and Sync
  copying_ = false;
  if (type == fe::kCopyDone) {
    wire::append_command_complete(out, "COPY 0");
  } else {
    fail("57014", "COPY from stdin failed", out);
  }
  if (!copy_is_simple_) return;
  failed_ = false;
  ready(out);
}

void InstantSession::ready(Buffer& out) {
  append(out, reports_);
  reports_.clear();
  wire::append_ready(out, status_);
}

void InstantSession::fail(std::string_view sqlstate, std::string_view text, Buffer& out) {
  wire::append_error(out, {.sqlstate = sqlstate, .message = text});
  failed_ = true;
  if (status_ == 'T') status_ = 'E';
}

}  // namespace weir::bench
