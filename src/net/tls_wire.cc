#include "net/tls_wire.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace weir::net {

namespace {

TlsWire& wire_of(BIO* bio) { return *static_cast<TlsWire*>(BIO_get_data(bio)); }

int read_wire(BIO* bio, char* into, std::size_t size, std::size_t* done) {
  BIO_clear_retry_flags(bio);
  Bytes& in = wire_of(bio).in;
  *done = std::min(size, in.size());
  if (*done == 0) {
    BIO_set_retry_read(bio);
    return 0;
  }
  std::memcpy(into, in.data(), *done);
  in = in.subspan(*done);
  return 1;
}

int write_wire(BIO* bio, const char* from, std::size_t size, std::size_t* done) {
  BIO_clear_retry_flags(bio);
  auto* out = wire_of(bio).out;
  ASSERT(out != nullptr);
  out->insert(out->end(), from, from + size);
  *done = size;
  return 1;
}

long control_wire(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

}  // namespace

BIO_METHOD* make_wire_method() {
  BIO_METHOD* method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "weir wire");
  ASSERT(method != nullptr);
  BIO_meth_set_read_ex(method, read_wire);
  BIO_meth_set_write_ex(method, write_wire);
  BIO_meth_set_ctrl(method, control_wire);
  return method;
}

BIO* make_wire_bio(const BIO_METHOD* method, TlsWire& wire) {
  BIO* bio = BIO_new(method);
  ASSERT(bio != nullptr);
  BIO_set_data(bio, &wire);
  BIO_set_init(bio, 1);
  return bio;
}

}  // namespace weir::net
