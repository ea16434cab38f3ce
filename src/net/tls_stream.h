// The TLS of one connection: bytes of the peer go in, plaintext comes out, and the other way round.
// Knows no socket. Used by one thread at a time; may travel between threads with its descriptor.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "net/tls_context.h"
#include "net/tls_peer.h"
#include "net/tls_wire.h"

namespace weir::net {

class TlsStream {
 public:
  using Buffer = std::vector<std::uint8_t>;
  enum class State : std::uint8_t {
    Handshake,
    Open,
    Ended,   // the peer will send nothing more
    Failed,  // error() says why
  };
  // What of earlier input can come out on top of the present one.
  static constexpr std::size_t kRecordMax = 17 * 1024;

  // The side that the context is for decides who begins. `host` is whom we connect to; it is
  // named in the handshake and, with Verify::Host, compared with the certificate.
  TlsStream(std::shared_ptr<const TlsContext> context, std::string host);
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  // Takes all of `in`, which may be empty to begin a handshake. Returns how much plaintext it gave;
  // `plain` has room for in.size() + kRecordMax. What has to be sent is appended to `out`, also
  // after a failure.
  std::size_t read(Bytes in, std::span<std::uint8_t> plain, Buffer& out);
  // Only while Open. Always takes everything; small parts share records.
  void write(std::span<const iovec> parts, Buffer& out);
  // Says that we shall send nothing more.
  void close(Buffer& out);

  State state() const { return state_; }
  const std::string& error() const { return error_; }
  TlsPeer peer() const { return describe_peer(ssl_.get()); }  // once it is Open

 private:
  void shake_hands();
  void encrypt(Bytes plain);
  void fail_with(std::string text);
  std::string failure() const;

  std::shared_ptr<const TlsContext> context_;
  TlsWire wire_;
  std::unique_ptr<SSL, SslFree> ssl_;
  std::string host_;
  std::string error_;
  State state_ = State::Handshake;
};

}  // namespace weir::net
