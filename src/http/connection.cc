#include "http/connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "net/loop.h"
#include "net/socket.h"

namespace weir::http {

namespace {

constexpr std::size_t kRead = 4096;
constexpr std::size_t kRequestMax = 64 * 1024;
constexpr Duration kRequestTime = std::chrono::seconds(10);
constexpr Duration kAnswerTime = std::chrono::seconds(30);  // from the request's end

}  // namespace

Connection::Connection(net::Fd fd, const net::Address& peer,
                       std::shared_ptr<const net::TlsContext> tls)
    : fd_(std::move(fd)), peer_(peer), plain_(kRead + net::TlsStream::kRecordMax) {
  if (tls) tls_ = std::make_unique<net::TlsStream>(std::move(tls), std::string());
}

Connection::~Connection() {
  if (!tls_ || !open_) return;
  net::TlsStream::Buffer goodbye;
  tls_->close(goodbye);
  (void)!::send(fd_.get(), goodbye.data(), goodbye.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

bool Connection::await_request(Duration patience) {
  budget_ = kRequestMax;
  deadline_ = net::read_clock() + patience;
  if (at_ == end_ && !fill()) return false;
  deadline_ = net::read_clock() + kRequestTime;
  return true;
}

void Connection::cut() { ::shutdown(fd_.get(), SHUT_RDWR); }

bool Connection::fail() {
  open_ = false;
  return false;
}

// Whether the socket is ready before the deadline.
bool Connection::wait_for(short events) const {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - net::read_clock());
    if (left.count() <= 0) return false;
    pollfd state{.fd = fd_.get(), .events = events, .revents = 0};
    const int ready = ::poll(&state, 1, static_cast<int>(left.count()));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

// Reads until there is something in plain_, or never will be.
bool Connection::fill() {
  std::array<std::uint8_t, kRead> raw;
  at_ = end_ = 0;
  while (open_ && end_ == 0) {
    const net::IoResult got = net::receive(fd_.get(), raw);
    if (got.again) {
      if (!wait_for(POLLIN)) return fail();
      continue;
    }
    const auto size = static_cast<std::size_t>(std::max<ssize_t>(got.n, 0));
    if (size == 0 || size > budget_) return fail();
    budget_ -= size;
    if (!tls_) {
      std::memcpy(plain_.data(), raw.data(), size);
      end_ = size;
      continue;
    }
    net::TlsStream::Buffer answer;
    end_ = tls_->read(Bytes(raw).first(size), plain_, answer);
    if (!send_all(answer)) return false;
    const auto state = tls_->state();
    if (end_ == 0 && (state == net::TlsStream::State::Failed ||
                      state == net::TlsStream::State::Ended))
      return fail();
  }
  return open_;
}

ssize_t Connection::read(char* into, std::size_t size) {
  if (at_ == end_ && !fill()) return -1;
  const std::size_t n = std::min(size, end_ - at_);
  std::memcpy(into, plain_.data() + at_, n);
  at_ += n;
  return static_cast<ssize_t>(n);
}

bool Connection::send_all(Bytes bytes) {
  while (open_ && !bytes.empty()) {
    const iovec part{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
    const net::IoResult sent = net::send(fd_.get(), {&part, 1});
    if (sent.n > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(sent.n));
    } else if (!sent.again || !wait_for(POLLOUT)) {
      return fail();
    }
  }
  return open_;
}

ssize_t Connection::write(const char* bytes, std::size_t size) {
  if (budget_ > 0) {  // the answer begins
    budget_ = 0;
    deadline_ = net::read_clock() + kAnswerTime;
  }
  const Bytes plain = as_bytes({bytes, size});
  if (!tls_) return send_all(plain) ? static_cast<ssize_t>(size) : -1;
  const auto state = tls_->state();
  if (state != net::TlsStream::State::Open && state != net::TlsStream::State::Ended) return -1;
  net::TlsStream::Buffer sealed;
  const iovec part{const_cast<char*>(bytes), size};
  tls_->write({&part, 1}, sealed);
  return send_all(sealed) ? static_cast<ssize_t>(size) : -1;
}

void Connection::get_remote_ip_and_port(std::string& ip, int& port) const {
  ip = peer_.text();
  port = peer_.port();
}

void Connection::get_local_ip_and_port(std::string& ip, int& port) const {
  const auto address = net::local_address(fd_.get());
  ip = address ? address->text() : "";
  port = address ? address->port() : 0;
}

}  // namespace weir::http
