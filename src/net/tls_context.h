// What the TLS connections of one side have in common: protocols, ciphers, our certificate and
// whom we trust. Immutable once made; any thread; connections keep theirs alive after a reload.
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <expected>
#include <memory>
#include <string>

namespace weir::net {

// The values of client_tls_*, server_tls_* or http_tls_*, as they are written.
struct TlsSettings {
  enum class Side : std::uint8_t { Clients, Servers, Http };  // whom we talk to
  enum class Verify : std::uint8_t {
    None,
    Authority,  // the peer shows a certificate that ca_file's authorities have signed
    Host,       // and it is for the host that we connect to
  };

  Side side = Side::Clients;
  Verify verify = Verify::None;
  std::string key_file = {};
  std::string cert_file = {};
  std::string ca_file = {};
  std::string protocols = "secure";
  std::string ciphers = "default";
  std::string tls13_ciphers = {};
  std::string ecdhcurve = "auto";
  std::string dheparams = "auto";
};

struct TlsProblem {
  std::string setting;  // its whole name
  std::string text;
};

struct SslFree {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(BIO_METHOD* method) const { BIO_meth_free(method); }
};

class TlsContext {
 public:
  // Reads the files. Never asks for a passphrase.
  static std::expected<std::shared_ptr<const TlsContext>, TlsProblem> make(
      const TlsSettings& settings);

  const TlsSettings& settings() const { return settings_; }
  SSL_CTX* get() const { return context_.get(); }
  const BIO_METHOD* wire_method() const { return method_.get(); }

 private:
  explicit TlsContext(TlsSettings settings);

  const TlsSettings settings_;
  std::unique_ptr<SSL_CTX, SslFree> context_;
  std::unique_ptr<BIO_METHOD, SslFree> method_;
};

// Why the last call of OpenSSL on this thread failed, in its words.
std::string ssl_reason();

// The protocol that both sides name in the handshake, as OpenSSL takes it: behind its length.
inline constexpr unsigned char kAlpn[] = {10, 'p', 'o', 's', 't', 'g', 'r', 'e', 's', 'q', 'l'};

}  // namespace weir::net
