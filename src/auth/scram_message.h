// What both sides of SCRAM share: reading a message's attributes, limits, and the signatures.
// Views only; nothing here outlives the message.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "auth/digest.h"

namespace weir::auth {

// Random bytes behind our half of the nonce: as many as PostgreSQL takes.
using ScramNonce = std::array<std::uint8_t, 18>;

constexpr std::string_view kScramMechanism = "SCRAM-SHA-256";
constexpr std::string_view kScramPlusMechanism = "SCRAM-SHA-256-PLUS";
// Drivers send about 60 bytes, servers about 90.
constexpr std::size_t kScramMessageMax = 2048;

// What ties an exchange to the TLS connection it runs in (RFC 5929's tls-server-end-point).
struct ChannelBinding {
  std::string_view end_point = {};  // hash of the server's certificate; empty: nothing to tie to
  bool used = false;                // the exchange is SCRAM-SHA-256-PLUS
};

// The gs2 header that a client says for it.
std::string_view gs2_header(const ChannelBinding& binding);
// What `c=` has to say: the header and, where it is used, the binding itself.
std::string encode_binding(std::string_view header, const ChannelBinding& binding);

// Reads `x=value` attributes, separated by commas, with one sticky error.
class ScramAttributes {
 public:
  explicit ScramAttributes(std::string_view text);

  struct Attribute {
    char name = 0;
    std::string_view value;
    std::size_t at = 0;  // where it begins in the text
  };
  // The next attribute; its name is one ASCII letter. Empty after a failure.
  Attribute next();
  // The value of the next attribute, which has to be `name`.
  std::string_view get(char name);

  bool ok() const { return !failed_; }
  // True when every attribute was read and nothing failed.
  bool done() const { return !failed_ && ended_; }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  bool ended_ = false;
  bool failed_ = false;
};

// RFC 5802's `printable`, at least one.
bool is_scram_nonce(std::string_view text);

// RFC 5802's AuthMessage: what both proofs sign.
std::string scram_auth_message(std::string_view client_first_bare, std::string_view server_first,
                               std::string_view client_final_without_proof);

}  // namespace weir::auth
