#include "auth/secret.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "auth/base64.h"
#include "auth/saslprep.h"
#include "base/check.h"

namespace weir::auth {

namespace {

constexpr std::string_view kMd5Prefix = "md5";
constexpr std::string_view kScramPrefix = "SCRAM-SHA-256$";
constexpr std::size_t kMd5Size = 35;

// Cuts off and returns what stands before `end`; nothing if `end` is missing.
std::optional<std::string_view> cut(std::string_view& text, char end) {
  const auto at = text.find(end);
  if (at == std::string_view::npos) return std::nullopt;
  const auto head = text.substr(0, at);
  text.remove_prefix(at + 1);
  return head;
}

std::optional<std::uint32_t> parse_iterations(std::string_view digits) {
  std::uint32_t value = 0;
  const auto* end = digits.data() + digits.size();
  const auto [at, error] = std::from_chars(digits.data(), end, value);
  if (error != std::errc{} || at != end || value == 0) return std::nullopt;
  if (value > std::uint32_t{std::numeric_limits<std::int32_t>::max()}) return std::nullopt;
  return value;
}

std::optional<Key> parse_key(std::string_view base64) {
  auto raw = base64_decode(base64);
  Key key;
  if (!raw || raw->size() != key.size()) return std::nullopt;
  std::copy(raw->begin(), raw->end(), key.begin());
  wipe(*raw);
  return key;
}

std::optional<ScramSecret> parse_scram(std::string_view text) {
  if (!text.starts_with(kScramPrefix)) return std::nullopt;
  text.remove_prefix(kScramPrefix.size());
  const auto digits = cut(text, ':');
  const auto salt = digits ? cut(text, '$') : std::nullopt;
  const auto stored = salt ? cut(text, ':') : std::nullopt;
  if (!stored) return std::nullopt;
  const auto iterations = parse_iterations(*digits);
  const auto raw_salt = base64_decode(*salt);
  const auto stored_key = parse_key(*stored);
  const auto server_key = parse_key(text);
  if (!iterations || !raw_salt || !stored_key || !server_key) return std::nullopt;
  return ScramSecret{*iterations, *raw_salt, *stored_key, *server_key};
}

bool is_md5(std::string_view text) {
  const auto hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return text.size() == kMd5Size && text.starts_with(kMd5Prefix) &&
         std::all_of(text.begin() + kMd5Prefix.size(), text.end(), hex);
}

}  // namespace

Secret parse_secret(std::string_view text) {
  if (text.empty()) return {};
  if (is_md5(text)) return {SecretKind::Md5, std::string(text), std::nullopt};
  if (auto scram = parse_scram(text)) return {SecretKind::Scram, std::string(text), scram};
  return {SecretKind::Plain, std::string(text), std::nullopt};
}

std::string format(const ScramSecret& secret) {
  ASSERT(secret.iterations > 0);
  return fmt::format("{}{}:{}${}:{}", kScramPrefix, secret.iterations,
                     base64_encode(as_bytes(secret.salt)), base64_encode(secret.stored_key),
                     base64_encode(secret.server_key));
}

ScramKeys derive_scram_keys(std::string_view password, std::string_view salt,
                            std::uint32_t iterations) {
  auto prepared = saslprep(password);
  const WipeAtExit wipe_prepared(prepared);
  auto salted = pbkdf2_sha256(prepared, salt, iterations);
  const WipeAtExit wipe_salted(salted);
  return {hmac_sha256(salted, "Client Key"), hmac_sha256(salted, "Server Key")};
}

ScramSecret to_secret(const ScramKeys& keys, std::string_view salt, std::uint32_t iterations) {
  return {iterations, std::string(salt), sha256(keys.client_key), keys.server_key};
}

ScramSecret derive_scram_secret(std::string_view password, std::string_view salt,
                                std::uint32_t iterations) {
  auto keys = derive_scram_keys(password, salt, iterations);
  const WipeAtExit wipe_keys(keys);
  return to_secret(keys, salt, iterations);
}

void wipe(ScramKeys& keys) {
  wipe(keys.client_key);
  wipe(keys.server_key);
}

void wipe(Secret& secret) {
  wipe(secret.text);
  if (secret.scram) wipe(secret.scram->stored_key);
  if (secret.scram) wipe(secret.scram->server_key);
  secret.scram.reset();
  secret.kind = SecretKind::None;
}

}  // namespace weir::auth
