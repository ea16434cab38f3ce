// OpenSSL's view of the network: memory that its caller owns. A connection reads what has been
// received and appends what is to be sent, so system calls stay the caller's, one for many records.
#pragma once

#include <openssl/bio.h>

#include <cstdint>
#include <vector>

#include "base/bytes.h"

namespace weir::net {

// What a BIO of this kind points to.
struct TlsWire {
  Bytes in;                                // received, not read by OpenSSL yet
  std::vector<std::uint8_t>* out = nullptr;  // to be sent
};

// The caller frees it, after the last BIO made with it.
BIO_METHOD* make_wire_method();
// A BIO on `wire`, which must outlive it.
BIO* make_wire_bio(const BIO_METHOD* method, TlsWire& wire);

}  // namespace weir::net
