#include "auth/scram_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "auth/base64.h"
#include "base/check.h"

namespace weir::auth {

namespace {

constexpr std::size_t kMockSaltSize = 16;

std::unexpected<Error> refused() { return fail(std::string(kSaslFailed)); }

// The gs2 header with both commas. An authorization identity is refused, as in PostgreSQL. A client
// that knows channel binding may leave it (`n`); `y` says that we had not offered it.
std::optional<std::string_view> read_header(std::string_view client_first,
                                            const ChannelBinding& binding) {
  const std::string_view expected = gs2_header(binding);
  const auto header = client_first.substr(0, expected.size());
  if (binding.used) return header == expected ? std::optional(header) : std::nullopt;
  const bool undone = header == "y,," && !binding.end_point.empty();
  if ((header != "n,," && header != "y,,") || undone) return std::nullopt;
  return header;
}

}  // namespace

ScramServer::ScramServer(ScramSecret secret, const ScramNonce& nonce, bool mock,
                         ChannelBinding binding)
    : secret_(std::move(secret)),
      nonce_bytes_(nonce),
      mock_(mock),
      end_point_(binding.end_point),
      binds_(binding.used) {
  ASSERT(secret_.iterations > 0);
}

ScramServer::~ScramServer() {
  wipe(client_key_);
  wipe(secret_.stored_key);
  wipe(secret_.server_key);
}

Result<std::string> ScramServer::first(std::string_view client_first) {
  ASSERT(state_ == State::Start);
  state_ = State::Failed;
  const ChannelBinding binding{.end_point = end_point_, .used = binds_};
  const auto header = read_header(client_first, binding);
  if (!header) return refused();
  const auto bare = client_first.substr(header->size());

  // The name in the startup packet counts, not this one.
  ScramAttributes in(bare);
  in.get('n');
  const auto client_nonce = in.get('r');
  while (in.ok() && !in.done()) in.next();
  if (!in.done() || !is_scram_nonce(client_nonce)) return refused();

  binding_ = encode_binding(*header, binding);
  client_first_bare_ = bare;
  nonce_ = std::string(client_nonce) + base64_encode(nonce_bytes_);
  server_first_ = fmt::format("r={},s={},i={}", nonce_, base64_encode(as_bytes(secret_.salt)),
                              secret_.iterations);
  state_ = State::AwaitProof;
  return server_first_;
}

Result<std::string> ScramServer::final(std::string_view client_final) {
  ASSERT(state_ == State::AwaitProof);
  state_ = State::Failed;
  ScramAttributes in(client_final);
  const auto binding = in.get('c');
  const auto nonce = in.get('r');
  auto last = in.next();
  while (in.ok() && last.name != 'p') last = in.next();
  if (!in.done() || binding != binding_ || nonce != nonce_) return refused();

  ASSERT(last.at > 0);
  const auto auth_message =
      scram_auth_message(client_first_bare_, server_first_, client_final.substr(0, last.at - 1));
  const bool proven = proves_password(last.value, auth_message);
  if (!proven || mock_) return refused();

  state_ = State::Proven;
  return "v=" + base64_encode(hmac_sha256(secret_.server_key, auth_message));
}

bool ScramServer::proves_password(std::string_view proof, const std::string& auth_message) {
  auto raw = base64_decode(proof);
  if (!raw || raw->size() != client_key_.size()) return false;
  const WipeAtExit wipe_raw(*raw);
  Key claimed;
  std::copy(raw->begin(), raw->end(), claimed.begin());
  client_key_ = exclusive_or(claimed, hmac_sha256(secret_.stored_key, auth_message));
  wipe(claimed);
  return equal_secrets(sha256(client_key_), secret_.stored_key);
}

ScramKeys ScramServer::keys() const {
  ASSERT(state_ == State::Proven);
  return {client_key_, secret_.server_key};
}

ScramSecret mock_secret(const Key& server_random_key, std::string_view user,
                        std::uint32_t iterations) {
  const auto derive = [&](std::string_view purpose) {
    return hmac_sha256(server_random_key, std::string(purpose).append(user));
  };
  const auto salt = derive("salt:");
  return {iterations, std::string(as_text(salt).substr(0, kMockSaltSize)), derive("stored:"),
          derive("server:")};
}

}  // namespace weir::auth
