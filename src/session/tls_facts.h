// What the core gets to know of an encrypted connection, once its handshake is done. Values only.
#pragma once

#include <string>
#include <vector>

namespace weir::session {

struct TlsFacts {
  std::string description;  // as SHOW prints it: TLSv1.3/TLS_AES_256_GCM_SHA384/ECDH=X25519
  bool alpn = false;        // the protocol "postgresql" was agreed on
  // RFC 5929's tls-server-end-point: a hash of the server's certificate. Empty where the
  // certificate's signature defines none.
  std::string server_end_point = {};
  // Of a client's certificate. It was verified, else there is none.
  bool has_certificate = false;
  std::string certificate_cn = {};
  std::vector<std::string> certificate_names = {};  // subjectAltName: DNS names and mail addresses
};

}  // namespace weir::session
