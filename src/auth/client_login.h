// A client's login to us, from the method that applies to the verdict.
// Pure: random bytes come in. One object per login, owned by its session; wipes what it keeps.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "auth/auth_message.h"
#include "auth/auth_type.h"
#include "auth/scram_server.h"
#include "auth/secret.h"
#include "base/bytes.h"
#include "base/result.h"

namespace weir::auth {

// As PostgreSQL limits a password packet.
inline constexpr std::size_t kPasswordSizeMax = 65535;

// The text in a PasswordMessage's payload, or the error for the client. Also for the methods that
// ask somebody else (PAM, LDAP). A view of `payload`.
Result<std::string_view> read_password(Bytes payload);

// The verifier that a login makes up for a user with a clear-text secret. A user always gets the
// same salt, and the one that a mock exchange would name, so that nobody can tell users apart by
// it. Costs a derivation; kept in Secret::scram it is paid once.
ScramSecret adhoc_scram_secret(const Key& server_random_key, std::string_view user,
                               std::string_view password, std::uint32_t iterations);

// The session sends this as an Authentication message and waits for a 'p'.
struct AuthRequest {
  AuthCode code;
  std::string payload;
};
struct ClientLoginOk {
  std::string sasl_final;  // if not empty, sent as SaslFinal in front of AuthenticationOk
};
using ClientStep = std::variant<AuthRequest, ClientLoginOk, LoginFailed>;

class ClientLogin {
 public:
  struct Input {
    AuthType type;
    std::string_view user;
    const Secret* secret;  // copied; null for an unknown user, who gets a mock exchange
    std::uint32_t scram_iterations;
    const Key& server_random_key;  // made once per process, for mock and ad hoc salts
    ScramNonce nonce;              // fresh random bytes, as is the salt
    std::array<std::uint8_t, 4> md5_salt;
    // With TLS, see ChannelBinding; SCRAM-SHA-256-PLUS is offered where it is not empty.
    std::string_view server_end_point = {};
  };
  // The types that this class decides by itself. Before it, the session resolves Hba to a method
  // and settles Cert by the certificate; Pam and Ldap are decided elsewhere.
  static bool covers(AuthType type);

  explicit ClientLogin(const Input& input);  // covers(input.type)
  ~ClientLogin();
  ClientLogin(const ClientLogin&) = delete;
  ClientLogin& operator=(const ClientLogin&) = delete;

  ClientStep start();  // once, first
  // The payload of a 'p' message. Once the login ended, every further one fails.
  ClientStep on_password_message(Bytes payload);

  // After success: the keys, if SCRAM or clear text was checked against a SCRAM verifier; the
  // password if it came as clear text, else empty.
  const std::optional<ScramKeys>& keys() const { return keys_; }
  const std::string& password() const { return password_; }

 private:
  enum class State { Start, AwaitClearText, AwaitMd5, AwaitSaslInitial, AwaitSaslFinal, Ended };

  ClientStep request(AuthCode code, std::string payload, State next);
  ClientStep ok(std::string sasl_final = {});
  ClientStep failed(std::string_view text);
  ClientStep on_clear_text(Bytes payload);
  ClientStep on_md5(Bytes payload);
  ClientStep on_sasl_initial(Bytes payload);
  ClientStep on_sasl_final(Bytes payload);
  bool clear_text_matches(std::string_view password);
  bool md5_matches_secret(std::string_view response) const;
  void begin_scram(bool binds);

  AuthType type_;
  std::string user_;
  bool known_;
  Secret secret_;
  std::uint32_t scram_iterations_;
  Key server_random_key_;
  ScramNonce nonce_;
  std::array<std::uint8_t, 4> md5_salt_;
  std::string server_end_point_;
  State state_ = State::Start;
  std::optional<ScramServer> scram_;
  std::optional<ScramKeys> keys_;
  std::string password_;
};

}  // namespace weir::auth
