#include "net/certificate_expiry.h"

#include <openssl/x509.h>

#include <ctime>

namespace weir::net {

std::optional<std::int64_t> certificate_expiry(const TlsContext& context) {
  const X509* certificate = SSL_CTX_get0_certificate(context.get());
  std::tm end{};
  if (certificate == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1)
    return std::nullopt;
  return std::int64_t{::timegm(&end)};
}

}  // namespace weir::net
