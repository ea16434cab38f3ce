// TLS between the sockets and the engine, which sees plaintext only. Both directions go through
// buffers of the worker, so one system call carries many records and no connection keeps any.
#include <cerrno>

#include "runtime/worker.h"

namespace weir::runtime {

using session::Connection;
using State = net::TlsStream::State;

namespace {

// What the buffer for encrypted bytes may keep after a large message.
constexpr std::size_t kSealedKept = 512 * 1024;

session::TlsFacts facts_of(net::TlsPeer peer) {
  return {.description = std::move(peer.description), .alpn = peer.alpn,
          .server_end_point = std::move(peer.server_end_point),
          .has_certificate = peer.has_certificate,
          .certificate_cn = std::move(peer.certificate_cn),
          .certificate_names = std::move(peer.certificate_names)};
}

}  // namespace

// Plaintext, in scratch_. Handshakes happen in here; after one the connection may be gone.
net::IoResult Worker::receive(Connection c) {
  Socket* s = socket(c);
  if (!s->tls) return net::receive(s->fd.get(), scratch_);
  for (;;) {
    const State state = s->tls->state();
    if (state == State::Ended) return {.closed = true};
    if (state == State::Failed) return {.error = EPROTO};
    const net::IoResult got = net::receive(s->fd.get(), cipher_);
    if (got.n <= 0) return got;
    const std::size_t n = unseal(c, Bytes(cipher_).first(static_cast<std::size_t>(got.n)));
    if (state == State::Handshake) perform();
    s = socket(c);
    if (s == nullptr) return {.closed = true};
    const bool over = s->tls->state() == State::Ended || s->tls->state() == State::Failed;
    if (n > 0) return {.n = static_cast<ssize_t>(n), .more = got.more || over};
    if (!got.more && !over && !s->ended) return {.again = true};
  }
}

// Decrypts into scratch_ and sends what the protocol owes. The engine is told of a handshake's end;
// the caller performs what follows.
std::size_t Worker::unseal(Connection c, Bytes in) {
  net::TlsStream& tls = *socket(c)->tls;
  const bool shaking = tls.state() == State::Handshake;
  const std::size_t n = tls.read(in, scratch_, sealed_);
  send_sealed(c);
  if (!shaking || tls.state() == State::Handshake) return n;
  Result<session::TlsFacts> facts = fail(tls.error());
  if (tls.state() != State::Failed) facts = facts_of(tls.peer());
  engine_.secured(c, std::move(facts), now_, effects_);
  return n;
}

void Worker::start_tls(Connection c, Bytes received) {
  Socket* s = socket(c);
  if (s == nullptr) return;
  const bool client = c.side == Side::Client;
  const auto& context = client ? tls_.clients : tls_.servers;
  if (!context) {
    engine_.secured(c, fail("TLS has been switched off"), now_, effects_);
    return;
  }
  const session::Endpoint* to = client ? nullptr : engine_.endpoint(c.server());
  s->tls = std::make_unique<net::TlsStream>(context, to == nullptr ? "" : to->host);
  // What a client has sent at once lies where its plaintext is to go.
  const std::vector<std::uint8_t> copy(received.begin(), received.end());
  Bytes in(copy);
  do {
    const Bytes piece = in.first(std::min(in.size(), cipher_.size()));
    in = in.subspan(piece.size());
    unseal(c, piece);
  } while (!in.empty() && s->tls->state() == State::Handshake);
}

void Worker::write_sealed(Connection c, std::span<const iovec> parts) {
  Socket* s = socket(c);
  // Before the end of a handshake nothing can be said.
  if (s->tls->state() != State::Open && s->tls->state() != State::Ended) return;
  s->tls->write(parts, sealed_);
  send_sealed(c);
}

void Worker::send_sealed(Connection c) {
  if (sealed_.empty()) return;
  const iovec part{sealed_.data(), sealed_.size()};
  write_wire(c, std::span(&part, 1));
  sealed_.clear();
  if (sealed_.capacity() > kSealedKept) sealed_ = {};
}

// Why reading has come to an end.
std::string Worker::end_of(const Socket& socket, std::string_view otherwise) {
  const bool failed = socket.tls && socket.tls->state() == State::Failed;
  return failed ? "TLS error: " + socket.tls->error() : std::string(otherwise);
}

}  // namespace weir::runtime
