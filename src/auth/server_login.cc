#include "auth/server_login.h"

#include "auth/md5.h"
#include "base/check.h"

namespace weir::auth {

namespace {

constexpr std::string_view kWrongType = "wrong password type";
constexpr std::string_view kUnexpected = "unexpected authentication request";
constexpr std::string_view kMalformed = "malformed authentication request";

void append_u32(std::string& out, std::size_t value) {
  std::uint8_t bytes[4];
  store_u32(bytes, static_cast<std::uint32_t>(value));
  out += as_text(bytes);
}

// PasswordMessage, SASLInitialResponse and SASLResponse are all of type 'p'.
ServerAnswer password_message(std::string_view payload) {
  ServerAnswer answer;
  answer.message.reserve(payload.size() + 5);
  answer.message += 'p';
  append_u32(answer.message, payload.size() + 4);
  answer.message += payload;
  return answer;
}

struct Offer {
  bool scram = false;
  bool plus = false;
};

std::optional<Offer> read_mechanisms(Bytes list) {
  Reader in(list);
  Offer offer;
  for (auto name = in.cstr(); !name.empty(); name = in.cstr()) {
    offer.scram |= name == kScramMechanism;
    offer.plus |= name == kScramPlusMechanism;
  }
  return in.done() ? std::optional(offer) : std::nullopt;
}

}  // namespace

ServerLogin::ServerLogin(const Input& input)
    : user_(input.user), nonce_(input.nonce), server_end_point_(input.server_end_point) {
  if (input.secret != nullptr) secret_ = *input.secret;
  if (input.keys != nullptr) keys_ = *input.keys;
}

ServerLogin::~ServerLogin() {
  wipe(secret_);
  if (keys_) wipe(*keys_);
}

ServerStep ServerLogin::on_request(Bytes body) {
  Reader in(body);
  const auto code = in.u32();
  if (!in.ok()) return failed(kMalformed);
  const auto rest = in.rest();
  switch (static_cast<AuthCode>(code)) {
    case AuthCode::Ok: return on_ok(rest);
    case AuthCode::ClearText: return on_clear_text(rest);
    case AuthCode::Md5: return on_md5(rest);
    case AuthCode::Sasl: return on_sasl(rest);
    case AuthCode::SaslContinue: return on_sasl_continue(rest);
    case AuthCode::SaslFinal: return on_sasl_final(rest);
  }
  return failed("unknown/unsupported auth method: " + std::to_string(code));
}

ServerStep ServerLogin::on_ok(Bytes rest) {
  if (!rest.empty()) return failed(kMalformed);
  // A server that asked for SCRAM has to prove that it knows the secret before it is trusted.
  if (state_ == State::SaslStarted || state_ == State::SaslProved)
    return failed("server did not finish SASL authentication");
  if (state_ == State::Ended) return failed(kUnexpected);
  state_ = State::Ended;
  return ServerLoginOk{};
}

ServerStep ServerLogin::on_clear_text(Bytes rest) {
  if (state_ != State::Start) return failed(kUnexpected);
  if (!rest.empty()) return failed(kMalformed);
  if (secret_.kind != SecretKind::Plain) return failed(kWrongType);
  return password_answer(secret_.text);
}

ServerStep ServerLogin::on_md5(Bytes salt) {
  if (state_ != State::Start) return failed(kUnexpected);
  if (salt.size() != 4) return failed(kMalformed);
  if (secret_.kind != SecretKind::Plain && secret_.kind != SecretKind::Md5)
    return failed(kWrongType);
  auto stored = secret_.kind == SecretKind::Md5 ? Result<std::string>(secret_.text)
                                                : md5_secret(user_, secret_.text);
  if (!stored) return failed(stored.error().text);
  const WipeAtExit wipe_stored(*stored);
  const auto response = md5_response(*stored, salt);
  return response ? password_answer(*response) : failed(response.error().text);
}

ServerStep ServerLogin::password_answer(std::string_view text) {
  auto payload = std::string(text).append(1, '\0');
  const WipeAtExit wipe_payload(payload);
  state_ = State::Answered;
  return password_message(payload);
}

ServerStep ServerLogin::on_sasl(Bytes mechanisms) {
  if (state_ != State::Start) return failed(kUnexpected);
  const auto offer = read_mechanisms(mechanisms);
  if (!offer) return failed(kMalformed);
  const bool binds = offer->plus && !server_end_point_.empty();
  if (!offer->scram && !binds)
    return failed("none of the server's SASL authentication mechanisms are supported");
  if (!begin_scram(binds)) return failed(kWrongType);

  const auto first = scram_->client_first();
  auto payload = std::string(binds ? kScramPlusMechanism : kScramMechanism).append(1, '\0');
  append_u32(payload, first.size());
  state_ = State::SaslStarted;
  return password_message(payload.append(first));
}

bool ServerLogin::begin_scram(bool binds) {
  ASSERT(!scram_);
  const ChannelBinding binding{.end_point = server_end_point_, .used = binds};
  // The password first: a client's keys fit only if the server stores the same secret as we do.
  if (secret_.kind == SecretKind::Plain) {
    scram_.emplace(secret_.text, nonce_, binding);
  } else if (keys_) {
    scram_.emplace(*keys_, nonce_, binding);
  }
  return scram_.has_value();
}

ServerStep ServerLogin::on_sasl_continue(Bytes message) {
  if (state_ != State::SaslStarted) return failed(kUnexpected);
  const auto answer = scram_->final(as_text(message));
  if (!answer) return failed(answer.error().text);
  state_ = State::SaslProved;
  return password_message(*answer);
}

ServerStep ServerLogin::on_sasl_final(Bytes message) {
  if (state_ != State::SaslProved) return failed(kUnexpected);
  const auto verified = scram_->verify(as_text(message));
  if (!verified) return failed(verified.error().text);
  state_ = State::SaslVerified;
  return ServerWait{};
}

ServerStep ServerLogin::failed(std::string_view reason) {
  state_ = State::Ended;
  return LoginFailed{"server login failed: " + std::string(reason)};
}

}  // namespace weir::auth
