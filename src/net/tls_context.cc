#include "net/tls_context.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <fstream>
#include <optional>
#include <string_view>

#include "base/check.h"
#include "net/socket.h"
#include "net/tls_wire.h"

namespace weir::net {

namespace {

using Problem = std::optional<TlsProblem>;

// A record that does not fit what libpq has free in its buffer is left in part inside OpenSSL,
// where no poll() sees it; libpq always has 8 kB free. PostgreSQL's own records are no longer.
constexpr long kClientRecordMax = 8192;

class Builder {
 public:
  Builder(const TlsSettings& settings, SSL_CTX* context) : s_(settings), context_(context) {}

  Problem build() {
    for (const auto step : {&Builder::basics, &Builder::protocols, &Builder::ciphers,
                            &Builder::curves, &Builder::certificate, &Builder::trust})
      if (Problem problem = (this->*step)()) return problem;
    return {};
  }

 private:
  bool serves_clients() const { return s_.side == TlsSettings::Side::Clients; }
  TlsProblem problem(std::string_view name, std::string text) const {
    constexpr std::array<std::string_view, 3> kSides = {"client", "server", "http"};
    const std::string_view side = kSides[static_cast<std::size_t>(s_.side)];
    const std::string_view middle = name.starts_with("tls13") ? "_" : "_tls_";
    return {fmt::format("{}{}{}", side, middle, name), std::move(text)};
  }

  Problem basics();
  Problem protocols();
  Problem ciphers();
  Problem curves();
  Problem certificate();
  Problem trust();
  Problem readable(std::string_view name, const std::string& path) const;
  Problem bad_file(std::string_view name, const std::string& path, std::string_view what) const;

  const TlsSettings& s_;
  SSL_CTX* context_;
};

int no_passphrase(char*, int, int, void*) { return -1; }

constexpr SSL_CTX_alpn_select_cb_func kSelectAlpn =
    [](SSL*, const unsigned char** chosen, unsigned char* length, const unsigned char* offered,
       unsigned offered_length, void*) {
      unsigned char* found = nullptr;
      const int rc = SSL_select_next_proto(&found, length, kAlpn, sizeof kAlpn, offered,
                                           offered_length);
      *chosen = found;
      return rc == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
    };

Problem Builder::basics() {
  // A session is never resumed: PostgreSQL and its clients do not either, and a ticket's key would
  // have to be kept secret over reloads and processes.
  SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context_, 0);
  SSL_CTX_set_options(context_, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION |
                                    SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                    SSL_OP_SINGLE_ECDH_USE | SSL_OP_SINGLE_DH_USE);
  SSL_CTX_set_mode(context_, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_default_passwd_cb(context_, no_passphrase);
  if (serves_clients()) {
    SSL_CTX_set_max_send_fragment(context_, kClientRecordMax);
    SSL_CTX_set_alpn_select_cb(context_, kSelectAlpn, nullptr);
  } else if (s_.side == TlsSettings::Side::Servers) {
    SSL_CTX_set_alpn_protos(context_, kAlpn, sizeof kAlpn);
  }
  return {};
}

struct Version {
  std::string_view name;
  int number;
  std::uint64_t off;
};
constexpr std::array kVersions = {
    Version{"tlsv1.0", TLS1_VERSION, SSL_OP_NO_TLSv1},
    Version{"tlsv1.1", TLS1_1_VERSION, SSL_OP_NO_TLSv1_1},
    Version{"tlsv1.2", TLS1_2_VERSION, SSL_OP_NO_TLSv1_2},
    Version{"tlsv1.3", TLS1_3_VERSION, SSL_OP_NO_TLSv1_3},
};
using Chosen = std::array<bool, kVersions.size()>;

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

// One word of the list; false where it is none.
bool choose(std::string_view word, Chosen& chosen) {
  if (word == "all" || word == "legacy" || word == "tlsv1") {
    chosen.fill(true);
    return true;
  }
  if (word == "secure") {
    chosen[2] = chosen[3] = true;
    return true;
  }
  const auto found = std::ranges::find(kVersions, word, &Version::name);
  if (found == kVersions.end()) return false;
  chosen[static_cast<std::size_t>(found - kVersions.begin())] = true;
  return true;
}

Problem Builder::protocols() {
  Chosen chosen{};
  const std::string list = lower(s_.protocols);
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t end = std::min(list.find_first_of(",: \t", at), list.size());
    const std::string word = list.substr(at, end - at);
    at = end + 1;
    if (!word.empty() && !choose(word, chosen))
      return problem("protocols", fmt::format("\"{}\" is no TLS protocol: use tlsv1.0, tlsv1.1, "
                                              "tlsv1.2, tlsv1.3, all, secure or legacy", word));
  }
  if (std::ranges::find(chosen, true) == chosen.end())
    return problem("protocols", "no TLS protocol is allowed: the default is secure");
  int least = 0;
  int most = 0;
  for (std::size_t i = 0; i < kVersions.size(); ++i) {
    if (chosen[i]) {
      if (least == 0) least = kVersions[i].number;
      most = kVersions[i].number;
    } else {
      SSL_CTX_set_options(context_, kVersions[i].off);
    }
  }
  // The system's openssl.cnf has bounds of its own, which what is written here replaces.
  SSL_CTX_set_min_proto_version(context_, least);
  SSL_CTX_set_max_proto_version(context_, most);
  return {};
}

Problem Builder::ciphers() {
  const std::string word = lower(s_.ciphers);
  constexpr std::array<std::string_view, 5> kDefaults = {"", "default", "secure", "fast", "normal"};
  std::string list = s_.ciphers;
  if (std::ranges::find(kDefaults, word) != kDefaults.end()) list = OSSL_default_cipher_list();
  if (word == "all") list = "ALL";
  if (lower(s_.ecdhcurve) == "none") list += ":!kECDHE";
  if (SSL_CTX_set_cipher_list(context_, list.c_str()) != 1)
    return problem("ciphers", fmt::format("invalid ciphers \"{}\": {}", s_.ciphers, ssl_reason()));
  if (!s_.tls13_ciphers.empty() &&
      SSL_CTX_set_ciphersuites(context_, s_.tls13_ciphers.c_str()) != 1)
    return problem("tls13_ciphers", fmt::format("failed to set the TLSv1.3 cipher suites \"{}\": "
                                                "{}", s_.tls13_ciphers, ssl_reason()));
  return {};
}

Problem Builder::curves() {
  const std::string curve = lower(s_.ecdhcurve);
  if (curve != "auto" && curve != "none" && !curve.empty() &&
      SSL_CTX_set1_groups_list(context_, s_.ecdhcurve.c_str()) != 1)
    return problem("ecdhcurve", fmt::format("invalid ecdhe curve \"{}\": use auto, none or a name "
                                            "that `openssl ecparam -list_curves` gives",
                                            s_.ecdhcurve));
  const std::string dhe = lower(s_.dheparams);
  if (dhe != "auto" && dhe != "none" && dhe != "legacy" && !dhe.empty())
    return problem("dheparams", fmt::format("invalid dhe parameters \"{}\": use auto, none or "
                                            "legacy", s_.dheparams));
  constexpr int kAuto = 1;
  constexpr int kLegacy = 2;  // 1024 bits
  if (dhe != "none") SSL_CTX_set_dh_auto(context_, dhe == "legacy" ? kLegacy : kAuto);
  return {};
}

Problem Builder::readable(std::string_view name, const std::string& path) const {
  errno = 0;
  if (std::ifstream(path).get() != std::ifstream::traits_type::eof()) return {};
  const std::string whole = problem(name, "").setting;
  if (errno == 0) return problem(name, fmt::format("{} {} is empty", whole, path));
  return problem(name, errno_text(fmt::format("could not read {} {}", whole, path), errno));
}

Problem Builder::bad_file(std::string_view name, const std::string& path,
                          std::string_view what) const {
  return problem(name, fmt::format("{} {} {}: {}", problem(name, "").setting, path, what,
                                   ssl_reason()));
}

Problem Builder::certificate() {
  if (s_.cert_file.empty() != s_.key_file.empty()) {
    const bool lacks_key = s_.key_file.empty();
    return problem(lacks_key ? "key_file" : "cert_file",
                   fmt::format("{} is set, so {} is needed too",
                               problem(lacks_key ? "cert_file" : "key_file", "").setting,
                               problem(lacks_key ? "key_file" : "cert_file", "").setting));
  }
  if (s_.cert_file.empty()) {
    if (!serves_clients()) return {};
    return problem("cert_file", "To allow TLS connections from clients, client_tls_key_file and "
                                "client_tls_cert_file must be set.");
  }
  if (Problem p = readable("cert_file", s_.cert_file)) return p;
  if (Problem p = readable("key_file", s_.key_file)) return p;
  if (SSL_CTX_use_certificate_chain_file(context_, s_.cert_file.c_str()) != 1)
    return bad_file("cert_file", s_.cert_file, "holds no usable certificate in PEM format");
  if (SSL_CTX_use_PrivateKey_file(context_, s_.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    if (ERR_GET_REASON(ERR_peek_error()) == X509_R_KEY_VALUES_MISMATCH)
      return problem("key_file", fmt::format("{} {} does not belong to the certificate in {}",
                                             problem("key_file", "").setting, s_.key_file,
                                             s_.cert_file));
    return bad_file("key_file", s_.key_file,
                    "holds no usable private key in PEM format without a passphrase");
  }
  return {};
}

Problem Builder::trust() {
  if (s_.verify == TlsSettings::Verify::None) {
    SSL_CTX_set_verify(context_, SSL_VERIFY_NONE, nullptr);
    return {};
  }
  SSL_CTX_set_verify(context_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  if (s_.ca_file.empty()) {
    if (serves_clients())
      return problem("ca_file", "client_tls_sslmode requires client_tls_ca_file");
    SSL_CTX_set_default_verify_paths(context_);  // the system's authorities
    return {};
  }
  if (Problem p = readable("ca_file", s_.ca_file)) return p;
  if (SSL_CTX_load_verify_file(context_, s_.ca_file.c_str()) != 1)
    return bad_file("ca_file", s_.ca_file, "holds no usable certificate in PEM format");
  if (serves_clients())
    SSL_CTX_set_client_CA_list(context_, SSL_load_client_CA_file(s_.ca_file.c_str()));
  return {};
}

}  // namespace

std::string ssl_reason() {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = ERR_reason_error_string(code);
  if (reason != nullptr) return reason;
  return ERR_SYSTEM_ERROR(code) ? errno_text("system", ERR_GET_REASON(code)) : "unknown error";
}

TlsContext::TlsContext(TlsSettings settings)
    : settings_(std::move(settings)),
      context_(SSL_CTX_new(TLS_method())),
      method_(make_wire_method()) {
  ASSERT(context_ != nullptr);
}

std::expected<std::shared_ptr<const TlsContext>, TlsProblem> TlsContext::make(
    const TlsSettings& settings) {
  ERR_clear_error();
  const std::shared_ptr<TlsContext> made(new TlsContext(settings));
  auto problem = Builder(made->settings_, made->context_.get()).build();
  ERR_clear_error();
  if (problem) return std::unexpected(std::move(*problem));
  return made;
}

}  // namespace weir::net
