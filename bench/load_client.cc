#include "load_client.h"

#include <fmt/format.h>

#include "auth/base64.h"
#include "auth/scram_client.h"
#include "base/check.h"
#include "wire/message.h"

namespace weir::bench {

using wire::Buffer;
using wire::Writer;
namespace be = wire::be;
namespace fe = wire::fe;

namespace {

constexpr std::string_view kStatementName = "load_1";

}  // namespace

Script::Script(Options options) : options_(std::move(options)) {
  const auto& text = options_.statement;
  const auto at = text.find("$1");
  has_parameter_ = at != text.npos;
  before_ = text.substr(0, at);
  if (has_parameter_) after_ = text.substr(at + 2);
  if (has_parameter_ && options_.random_max == 0) options_.random_max = 1;
  if (!has_parameter_) append_transaction(fixed_);
}

void Script::append_preparation(Buffer& out) const {
  Writer(out, fe::kParse).cstr(kStatementName).cstr(options_.statement).u16(0);
  wire::append_empty(out, fe::kSync);
}

void Script::append_transaction(Buffer& out) {
  if (!fixed_.empty()) {
    out.insert(out.end(), fixed_.begin(), fixed_.end());
    return;
  }
  for (int left = options_.depth; left > 0; --left) append_statement(out);
  if (options_.mode != Mode::kSimple) wire::append_empty(out, fe::kSync);
}

void Script::append_statement(Buffer& out) {
  switch (options_.mode) {
    case Mode::kSimple: {
      Writer query(out, fe::kQuery);
      query.text(before_);
      if (has_parameter_) query.text(next_random()).text(after_);
      query.u8(0);
      return;
    }
    case Mode::kExtended:
      Writer(out, fe::kParse).cstr("").cstr(options_.statement).u16(0);
      return append_bind(out);
    case Mode::kPrepared: return append_bind(out);
  }
}

// What libpq sends for a query: text formats, the unnamed portal, all rows.
void Script::append_bind(Buffer& out) {
  {
    Writer bind(out, fe::kBind);
    bind.cstr("").cstr(needs_preparing() ? kStatementName : "").u16(0).u16(has_parameter_ ? 1 : 0);
    if (has_parameter_) {
      const auto value = next_random();
      bind.u32(static_cast<std::uint32_t>(value.size())).text(value);
    }
    bind.u16(1).u16(0);
  }
  Writer(out, fe::kDescribe).u8('P').cstr("");
  Writer(out, fe::kExecute).cstr("").u32(0);
}

std::string Script::next_random() {
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  return fmt::format_int(random_ % options_.random_max + 1).str();
}

Login::Login(std::string user, std::string database, std::string password)
    : user_(std::move(user)), database_(std::move(database)), password_(std::move(password)) {}

void Login::append_startup(Buffer& out) const {
  Writer packet(out);
  packet.u32(wire::kProtocol30).cstr("user").cstr(user_).cstr("database").cstr(database_).u8(0);
}

const auth::ScramKeys& Login::keys(std::string_view salt, std::uint32_t iterations) {
  auto [found, is_new] = keys_.try_emplace({std::string(salt), iterations});
  if (is_new) found->second = auth::derive_scram_keys(password_, salt, iterations);
  return found->second;
}

// Nobody attacks a benchmark: it is enough that no two are the same.
auth::ScramNonce Login::nonce() {
  auth::ScramNonce nonce{};
  store_u32(nonce.data(), static_cast<std::uint32_t>(++nonces_));
  return nonce;
}

void LoadClient::start(Buffer& out) {
  phase_ = Phase::kLogin;
  skip_ = 0;
  held_.clear();
  login_.append_startup(out);
}

void LoadClient::ask(Buffer& out) {
  ASSERT(phase_ == Phase::kIdle);
  script_.append_transaction(out);
  syncs_left_ = script_.syncs();
  phase_ = Phase::kBusy;
}

void LoadClient::copied(Buffer& out) {
  ASSERT(phase_ == Phase::kCopying);
  wire::append_empty(out, fe::kCopyDone);
  // The one that ended the batch was in front of the rows, where the server ignores it.
  if (!script_.is_simple()) wire::append_empty(out, fe::kSync);
  phase_ = Phase::kBusy;
}

Result<void> LoadClient::receive(Bytes in, Buffer& out) {
  if (skip_ > 0) {
    const auto skipped = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, in.size()));
    skip_ -= skipped;
    in = in.subspan(skipped);
  }
  Buffer joined;
  if (!held_.empty()) {
    joined = std::exchange(held_, {});
    joined.insert(joined.end(), in.begin(), in.end());
    in = joined;
  }
  while (in.size() >= wire::kHeaderSize) {
    const std::uint32_t length = load_u32(in.data() + 1);
    if (length < 4) return fail("a message without a length");
    const std::size_t total = std::size_t{1} + length;
    const bool is_row = in[0] == be::kDataRow || in[0] == be::kCopyData;
    if (in.size() < total) {
      if (!is_row) break;
      skip_ = total - in.size();
      return {};
    }
    if (!is_row) {
      auto handled = handle(in[0], in.subspan(wire::kHeaderSize, length - 4), out);
      if (!handled) return handled;
    }
    in = in.subspan(total);
  }
  held_.assign(in.begin(), in.end());
  return {};
}

Result<void> LoadClient::handle(std::uint8_t type, Bytes body, Buffer& out) {
  switch (type) {
    case be::kAuthentication: return authenticate(body, out);
    case be::kReadyForQuery: ready(out); return {};
    case be::kCopyIn: phase_ = Phase::kCopying; return {};
    case be::kErrorResponse: {
      const auto text = wire::report_field(body, 'M');
      if (phase_ == Phase::kLogin || wire::report_field(body, 'S') == "FATAL")
        return fail(std::string(text));
      if (errors_++ == 0) first_error_ = text;
      return {};
    }
    default: return {};
  }
}

void LoadClient::ready(Buffer& out) {
  switch (phase_) {
    case Phase::kLogin:
      phase_ = script_.needs_preparing() ? Phase::kPreparing : Phase::kIdle;
      if (phase_ == Phase::kPreparing) script_.append_preparation(out);
      return;
    case Phase::kPreparing:
    case Phase::kIdle: phase_ = Phase::kIdle; return;
    case Phase::kBusy:
    case Phase::kCopying:
      if (--syncs_left_ == 0) phase_ = Phase::kIdle;
      return;
  }
}

Result<void> LoadClient::authenticate(Bytes body, Buffer& out) {
  namespace code = wire::authentication;
  Reader in(body);
  const auto asked = in.u32();
  switch (asked) {
    case code::kOk:
    case code::kSaslFinal: return {};
    case code::kClearText: Writer(out, fe::kPassword).cstr(login_.password()); return {};
    case code::kSasl: {
      nonce_ = login_.nonce();
      const auto first = auth::ScramClient("", nonce_).client_first();
      const auto size = static_cast<std::uint32_t>(first.size());
      Writer(out, fe::kPassword).cstr(auth::kScramMechanism).u32(size).text(first);
      return {};
    }
    case code::kSaslContinue: return prove(as_text(in.rest()), out);
    default: return fail(fmt::format("authentication method {} is not known here", asked));
  }
}

Result<void> LoadClient::prove(std::string_view server_first, Buffer& out) {
  auth::ScramAttributes attributes(server_first);
  attributes.get('r');
  const auto salt = auth::base64_decode(attributes.get('s'));
  const auto iterations = attributes.get('i');
  if (!attributes.ok() || !salt) return fail("the server's SCRAM message is not well formed");
  const auto count =
      static_cast<std::uint32_t>(std::strtoul(std::string(iterations).c_str(), nullptr, 10));
  auth::ScramClient scram(login_.keys(*salt, count), nonce_);
  const auto final = scram.final(server_first);
  if (!final) return std::unexpected(final.error());
  Writer(out, fe::kPassword).text(*final);
  return {};
}

}  // namespace weir::bench
