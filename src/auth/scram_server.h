// The server's side of one SCRAM-SHA-256 exchange (RFC 5802, RFC 7677), against a stored verifier.
// Pure: the random nonce comes from the caller. One object per login; wipes its keys.
#pragma once

#include <string>
#include <string_view>

#include "auth/scram_message.h"
#include "auth/secret.h"
#include "base/result.h"

namespace weir::auth {

// Every failure reads the same, as in PgBouncer: the peer learns nothing from it.
inline constexpr std::string_view kSaslFailed = "SASL authentication failed";

class ScramServer {
 public:
  // A mock exchange looks like any other and always fails at the proof: for users who have no
  // usable secret. With a binding that is not used, a client that says it could have used one is
  // refused: somebody on the way has hidden our offer.
  ScramServer(ScramSecret secret, const ScramNonce& nonce, bool mock, ChannelBinding binding = {});
  ~ScramServer();
  ScramServer(const ScramServer&) = delete;
  ScramServer& operator=(const ScramServer&) = delete;

  // client-first-message to server-first-message. Once, before final().
  Result<std::string> first(std::string_view client_first);
  // client-final-message to server-final-message, on a correct proof. Once, after first() gave a
  // value.
  Result<std::string> final(std::string_view client_final);

  // After final() gave a value: the ClientKey that the proof disclosed, and our ServerKey.
  ScramKeys keys() const;

 private:
  enum class State { Start, AwaitProof, Proven, Failed };

  bool proves_password(std::string_view proof, const std::string& auth_message);

  ScramSecret secret_;
  ScramNonce nonce_bytes_;
  bool mock_;
  std::string end_point_;
  bool binds_;
  State state_ = State::Start;
  std::string binding_;  // what c= has to say
  std::string client_first_bare_;
  std::string nonce_;  // both halves
  std::string server_first_;
  Key client_key_{};
};

// The verifier of a mock exchange. The same user gets the same salt every time, as a real one
// would; `server_random_key` is made once per process and never shown.
ScramSecret mock_secret(const Key& server_random_key, std::string_view user,
                        std::uint32_t iterations);

}  // namespace weir::auth
