#include "auth/scram_client.h"

#include <algorithm>
#include <charconv>

#include "auth/base64.h"
#include "base/check.h"

namespace weir::auth {

namespace {

struct ServerFirst {
  std::string_view nonce;
  std::string salt;
  std::uint32_t iterations = 0;
};

Result<ServerFirst> read_server_first(std::string_view message, std::string_view our_nonce) {
  ScramAttributes in(message);
  ServerFirst out;
  out.nonce = in.get('r');
  const auto salt = base64_decode(in.get('s'));
  const auto digits = in.get('i');
  // Anything behind the count is refused, as libpq does: we know no extension.
  if (!in.done()) return fail("malformed SCRAM message");
  const bool extends = out.nonce.starts_with(our_nonce) && out.nonce.size() > our_nonce.size();
  if (!extends || !is_scram_nonce(out.nonce))
    return fail("invalid SCRAM response (nonce mismatch)");
  if (!salt || salt->empty()) return fail("malformed SCRAM message (invalid salt)");
  out.salt = *salt;

  const auto* end = digits.data() + digits.size();
  const auto [at, error] = std::from_chars(digits.data(), end, out.iterations);
  if (error != std::errc{} || at != end || out.iterations == 0)
    return fail("malformed SCRAM message (invalid iteration count)");
  return out;
}

}  // namespace

ScramClient::ScramClient(const ScramNonce& nonce, const ChannelBinding& binding)
    : nonce_(base64_encode(nonce)),
      header_(gs2_header(binding)),
      binding_(encode_binding(header_, binding)) {}

ScramClient::ScramClient(std::string_view password, const ScramNonce& nonce,
                         ChannelBinding binding)
    : ScramClient(nonce, binding) {
  password_ = password;
}

ScramClient::ScramClient(const ScramKeys& keys, const ScramNonce& nonce, ChannelBinding binding)
    : ScramClient(nonce, binding) {
  keys_ = keys;
}

ScramClient::~ScramClient() {
  wipe(password_);
  if (keys_) wipe(*keys_);
  wipe(server_signature_);
}

std::string ScramClient::client_first() const {
  // The user name is left empty, as libpq does: the startup packet names it.
  return std::string(header_) + "n=,r=" + nonce_;
}

Result<std::string> ScramClient::final(std::string_view server_first) {
  ASSERT(state_ == State::Start);
  state_ = State::Failed;
  const auto first = read_server_first(server_first, nonce_);
  if (!first) return std::unexpected(first.error());
  if (!keys_) {
    if (first->iterations > kScramIterationsMax) return fail("too many SCRAM iterations");
    keys_ = derive_scram_keys(password_, first->salt, first->iterations);
    wipe(password_);
  }

  auto message = std::string("c=").append(binding_).append(",r=").append(first->nonce);
  const auto bare = client_first().substr(header_.size());
  const auto auth_message = scram_auth_message(bare, server_first, message);
  const auto signature = hmac_sha256(sha256(keys_->client_key), auth_message);
  server_signature_ = hmac_sha256(keys_->server_key, auth_message);
  state_ = State::AwaitSignature;
  return message.append(",p=").append(base64_encode(exclusive_or(keys_->client_key, signature)));
}

Result<void> ScramClient::verify(std::string_view server_final) {
  ASSERT(state_ == State::AwaitSignature);
  state_ = State::Failed;
  ScramAttributes in(server_final);
  const auto signature = base64_decode(in.get('v'));
  if (!in.done() || !signature || signature->size() != server_signature_.size())
    return fail("failed to verify server signature");
  if (!equal_secrets(as_bytes(*signature), server_signature_))
    return fail("invalid server signature");
  state_ = State::Verified;
  return {};
}

}  // namespace weir::auth
