// What a finished handshake says about the connection and about whoever is at its other end.
#pragma once

#include <openssl/ssl.h>

#include <string>
#include <vector>

namespace weir::net {

struct TlsPeer {
  std::string description;  // TLSv1.3/TLS_AES_256_GCM_SHA384/ECDH=X25519, as PgBouncer prints it
  bool alpn = false;        // "postgresql" was agreed on
  std::string server_end_point;  // RFC 5929, of the server's certificate; empty: not defined for it
  // The peer's certificate, where it had to show one that could be verified.
  bool has_certificate = false;
  std::string certificate_cn;
  std::vector<std::string> certificate_names;  // DNS names and mail addresses
};

TlsPeer describe_peer(const SSL* ssl);

// Whether the peer's certificate is for this host name or numeric address.
bool certificate_is_for(const SSL* ssl, const std::string& host);

}  // namespace weir::net
