// Our login to a server, as answers to its Authentication messages.
// Pure: random bytes come in. One object per login, owned by its session; wipes what it keeps.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "auth/auth_message.h"
#include "auth/scram_client.h"
#include "auth/secret.h"
#include "base/bytes.h"

namespace weir::auth {

// A whole 'p' message, ready to send.
struct ServerAnswer {
  std::string message;
};
// Nothing to send; the server goes on by itself.
struct ServerWait {};
struct ServerLoginOk {};
using ServerStep = std::variant<ServerAnswer, ServerWait, ServerLoginOk, LoginFailed>;

class ServerLogin {
 public:
  struct Input {
    std::string_view user;
    const Secret* secret;   // copied, may be null
    const ScramKeys* keys;  // copied, may be null: those of the client in whose name we log in
    ScramNonce nonce;       // fresh random bytes
    std::string_view server_end_point = {};  // with TLS, see ChannelBinding
  };

  explicit ServerLogin(const Input& input);
  ~ServerLogin();
  ServerLogin(const ServerLogin&) = delete;
  ServerLogin& operator=(const ServerLogin&) = delete;

  // The payload of an 'R' message: code and rest. Once the login ended, every further one fails.
  ServerStep on_request(Bytes body);

 private:
  enum class State { Start, Answered, SaslStarted, SaslProved, SaslVerified, Ended };

  ServerStep on_ok(Bytes rest);
  ServerStep on_clear_text(Bytes rest);
  ServerStep on_md5(Bytes salt);
  ServerStep on_sasl(Bytes mechanisms);
  ServerStep on_sasl_continue(Bytes message);
  ServerStep on_sasl_final(Bytes message);
  ServerStep password_answer(std::string_view text);
  ServerStep failed(std::string_view reason);
  bool begin_scram(bool binds);

  std::string user_;
  Secret secret_;
  std::optional<ScramKeys> keys_;
  ScramNonce nonce_;
  std::string server_end_point_;
  State state_ = State::Start;
  std::optional<ScramClient> scram_;
};

}  // namespace weir::auth
