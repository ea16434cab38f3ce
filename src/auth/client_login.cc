#include "auth/client_login.h"

#include "auth/md5.h"
#include "base/check.h"

namespace weir::auth {

namespace {

constexpr std::string_view kPasswordFailed = "password authentication failed";

}  // namespace

Result<std::string_view> read_password(Bytes payload) {
  Reader in(payload);
  const auto password = in.cstr();
  if (!in.done()) return fail(std::string(kPasswordFailed));
  if (password.empty()) return fail("empty password returned by client");
  if (password.size() > kPasswordSizeMax) return fail("password too long");
  return password;
}

ScramSecret adhoc_scram_secret(const Key& server_random_key, std::string_view user,
                               std::string_view password, std::uint32_t iterations) {
  const auto salt = mock_secret(server_random_key, user, iterations).salt;
  return derive_scram_secret(password, salt, iterations);
}

bool ClientLogin::covers(AuthType type) {
  return type == AuthType::Any || type == AuthType::Trust || type == AuthType::Plain ||
         type == AuthType::Md5 || type == AuthType::ScramSha256;
}

ClientLogin::ClientLogin(const Input& input)
    : type_(input.type),
      user_(input.user),
      known_(input.secret != nullptr),
      secret_(known_ ? *input.secret : Secret{}),
      scram_iterations_(input.scram_iterations),
      server_random_key_(input.server_random_key),
      nonce_(input.nonce),
      md5_salt_(input.md5_salt),
      server_end_point_(input.server_end_point) {
  ASSERT(covers(type_));
  ASSERT(scram_iterations_ > 0);
  ASSERT(secret_.kind != SecretKind::Scram || secret_.scram);
}

ClientLogin::~ClientLogin() {
  wipe(secret_);
  wipe(server_random_key_);
  wipe(password_);
  if (keys_) wipe(*keys_);
}

ClientStep ClientLogin::start() {
  ASSERT(state_ == State::Start);
  if (type_ == AuthType::Any) return ok();
  if (type_ == AuthType::Trust) return known_ ? ok() : failed("\"trust\" authentication failed");
  if (type_ == AuthType::Plain) return request(AuthCode::ClearText, {}, State::AwaitClearText);
  // A SCRAM verifier cannot check an MD5 response, so md5 means SCRAM for such a user.
  if (type_ == AuthType::Md5 && secret_.kind != SecretKind::Scram)
    return request(AuthCode::Md5, std::string(as_text(md5_salt_)), State::AwaitMd5);
  std::string mechanisms;
  if (!server_end_point_.empty()) mechanisms.append(kScramPlusMechanism).append(1, '\0');
  mechanisms.append(kScramMechanism).append(2, '\0');  // they end with an empty one
  return request(AuthCode::Sasl, std::move(mechanisms), State::AwaitSaslInitial);
}

ClientStep ClientLogin::on_password_message(Bytes payload) {
  switch (state_) {
    case State::AwaitClearText: return on_clear_text(payload);
    case State::AwaitMd5: return on_md5(payload);
    case State::AwaitSaslInitial: return on_sasl_initial(payload);
    case State::AwaitSaslFinal: return on_sasl_final(payload);
    case State::Start:
    case State::Ended: break;
  }
  return failed("unexpected password message");
}

ClientStep ClientLogin::request(AuthCode code, std::string payload, State next) {
  state_ = next;
  return AuthRequest{code, std::move(payload)};
}

ClientStep ClientLogin::ok(std::string sasl_final) {
  state_ = State::Ended;
  return ClientLoginOk{std::move(sasl_final)};
}

ClientStep ClientLogin::failed(std::string_view text) {
  state_ = State::Ended;
  wipe(password_);
  if (keys_) wipe(*keys_);
  keys_.reset();
  return LoginFailed{std::string(text)};
}

ClientStep ClientLogin::on_clear_text(Bytes payload) {
  const auto password = read_password(payload);
  if (!password) return failed(password.error().text);
  if (!clear_text_matches(*password)) return failed(kPasswordFailed);
  password_ = *password;
  return ok();
}

ClientStep ClientLogin::on_md5(Bytes payload) {
  const auto response = read_password(payload);
  if (!response) return failed(response.error().text);
  return md5_matches_secret(*response) ? ok() : failed(kPasswordFailed);
}

ClientStep ClientLogin::on_sasl_initial(Bytes payload) {
  Reader in(payload);
  const std::string_view mechanism = in.cstr();
  const bool binds = mechanism == kScramPlusMechanism && !server_end_point_.empty();
  if (mechanism != kScramMechanism && !binds)
    return failed("client selected an invalid SASL authentication mechanism");
  // The size -1 (no initial response) is none that the rest can have.
  const auto size = in.u32();
  const auto message = as_text(in.bytes(size));
  if (!in.done()) return failed(kSaslFailed);

  begin_scram(binds);
  auto answer = scram_->first(message);
  if (!answer) return failed(answer.error().text);
  return request(AuthCode::SaslContinue, std::move(*answer), State::AwaitSaslFinal);
}

ClientStep ClientLogin::on_sasl_final(Bytes payload) {
  ASSERT(scram_);
  auto answer = scram_->final(as_text(payload));
  if (!answer) return failed(answer.error().text);
  keys_ = scram_->keys();
  return ok(std::move(*answer));
}

bool ClientLogin::clear_text_matches(std::string_view password) {
  switch (secret_.kind) {
    case SecretKind::None: return false;
    case SecretKind::Plain: return equal_secrets(as_bytes(password), as_bytes(secret_.text));
    case SecretKind::Md5: {
      const auto expected = md5_secret(user_, password);
      return expected && equal_secrets(as_bytes(*expected), as_bytes(secret_.text));
    }
    case SecretKind::Scram: {
      const auto& verifier = *secret_.scram;
      keys_ = derive_scram_keys(password, verifier.salt, verifier.iterations);
      return equal_secrets(sha256(keys_->client_key), verifier.stored_key);
    }
  }
  return false;
}

bool ClientLogin::md5_matches_secret(std::string_view response) const {
  if (secret_.kind == SecretKind::Md5) return md5_matches(secret_.text, md5_salt_, response);
  if (secret_.kind != SecretKind::Plain) return false;
  const auto hashed = md5_secret(user_, secret_.text);
  return hashed && md5_matches(*hashed, md5_salt_, response);
}

void ClientLogin::begin_scram(bool binds) {
  ASSERT(!scram_);
  const ChannelBinding binding{.end_point = server_end_point_, .used = binds};
  if (secret_.scram) {
    scram_.emplace(*secret_.scram, nonce_, false, binding);
  } else if (secret_.kind == SecretKind::Plain) {
    scram_.emplace(adhoc_scram_secret(server_random_key_, user_, secret_.text, scram_iterations_),
                   nonce_, false, binding);
  } else {
    // An MD5 secret cannot check a SCRAM proof: such a user fails like an unknown one.
    scram_.emplace(mock_secret(server_random_key_, user_, scram_iterations_), nonce_, true,
                   binding);
  }
}

}  // namespace weir::auth
