// The client's side of one SCRAM-SHA-256 exchange: how we log in to a server, by password or by the
// keys that a client's own login left. Pure; one object per login; wipes its secrets.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "auth/scram_message.h"
#include "auth/secret.h"
#include "base/result.h"

namespace weir::auth {

// A server names the iteration count, and every session of our worker pays for it: 100,000 take
// about 70 ms. PostgreSQL's default is 4096, its limit 2^31 - 1 would take half an hour. Keys cost
// nothing, so logins by keys are not limited.
inline constexpr std::uint32_t kScramIterationsMax = 100'000;

class ScramClient {
 public:
  ScramClient(std::string_view password, const ScramNonce& nonce, ChannelBinding binding = {});
  ScramClient(const ScramKeys& keys, const ScramNonce& nonce, ChannelBinding binding = {});
  ~ScramClient();
  ScramClient(const ScramClient&) = delete;
  ScramClient& operator=(const ScramClient&) = delete;

  std::string client_first() const;
  // server-first-message to client-final-message. Once.
  Result<std::string> final(std::string_view server_first);
  // Whether the server proved that it knows the secret too. Once, after final() gave a value.
  Result<void> verify(std::string_view server_final);
  bool verified() const { return state_ == State::Verified; }

 private:
  enum class State { Start, AwaitSignature, Verified, Failed };

  ScramClient(const ScramNonce& nonce, const ChannelBinding& binding);

  std::string password_;
  std::optional<ScramKeys> keys_;
  std::string nonce_;
  std::string_view header_;  // gs2's
  std::string binding_;      // c= in the last message
  State state_ = State::Start;
  Key server_signature_{};
};

}  // namespace weir::auth
