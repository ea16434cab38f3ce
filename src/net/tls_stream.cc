#include "net/tls_stream.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/check.h"
#include "net/address.h"

namespace weir::net {

namespace {

// Parts are gathered up to here, so that a row of small messages is one record.
constexpr std::size_t kGather = 8192;

// OpenSSL holds the caller's buffers only during a call.
class Borrow {
 public:
  Borrow(TlsWire& wire, Bytes in, TlsStream::Buffer& out) : wire_(wire) {
    wire_.in = in;
    wire_.out = &out;
    ERR_clear_error();
  }
  ~Borrow() { wire_ = {}; }
  Borrow(const Borrow&) = delete;
  Borrow& operator=(const Borrow&) = delete;

 private:
  TlsWire& wire_;
};

}  // namespace

TlsStream::TlsStream(std::shared_ptr<const TlsContext> context, std::string host)
    : context_(std::move(context)), ssl_(SSL_new(context_->get())), host_(std::move(host)) {
  ASSERT(ssl_ != nullptr);
  BIO* bio = make_wire_bio(context_->wire_method(), wire_);
  SSL_set_bio(ssl_.get(), bio, bio);
  if (context_->settings().side != TlsSettings::Side::Servers) {
    SSL_set_accept_state(ssl_.get());
    return;
  }
  SSL_set_connect_state(ssl_.get());
  // SSL_set_tlsext_host_name(), which is a macro with a cast in it.
  if (!numeric_address(host_, 0))
    SSL_ctrl(ssl_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, host_.data());
}

std::size_t TlsStream::read(Bytes in, std::span<std::uint8_t> plain, Buffer& out) {
  ASSERT(plain.size() >= in.size() + kRecordMax);
  const Borrow borrowed(wire_, in, out);
  if (state_ == State::Handshake) shake_hands();
  std::size_t done = 0;
  while (state_ == State::Open) {
    std::size_t n = 0;
    if (SSL_read_ex(ssl_.get(), plain.data() + done, plain.size() - done, &n) == 1) {
      done += n;
      continue;
    }
    const int why = SSL_get_error(ssl_.get(), 0);
    if (why == SSL_ERROR_WANT_READ) break;
    if (why == SSL_ERROR_ZERO_RETURN) {
      state_ = State::Ended;
    } else {
      fail_with(failure());
    }
  }
  // OpenSSL reads on as long as there is something; what it left would be read by nobody.
  const bool reads_on = state_ == State::Handshake || state_ == State::Open;
  if (reads_on && !wire_.in.empty()) fail_with("input left over");
  return done;
}

void TlsStream::shake_hands() {
  const int rc = SSL_do_handshake(ssl_.get());
  if (rc != 1) {
    if (SSL_get_error(ssl_.get(), rc) != SSL_ERROR_WANT_READ) fail_with(failure());
    return;
  }
  if (context_->settings().verify == TlsSettings::Verify::Host &&
      context_->settings().side == TlsSettings::Side::Servers &&
      !certificate_is_for(ssl_.get(), host_)) {
    fail_with(fmt::format("name `{}' not present in server certificate", host_));
    return;
  }
  state_ = State::Open;
}

void TlsStream::write(std::span<const iovec> parts, Buffer& out) {
  ASSERT(state_ == State::Open || state_ == State::Ended);
  const Borrow borrowed(wire_, {}, out);
  std::array<std::uint8_t, kGather> gathered;
  std::size_t count = 0;
  for (const iovec& part : parts) {
    Bytes bytes{static_cast<const std::uint8_t*>(part.iov_base), part.iov_len};
    while (!bytes.empty()) {
      if (count == 0 && (bytes.size() >= kGather || parts.size() == 1)) {
        encrypt(bytes);
        break;
      }
      const std::size_t n = std::min(kGather - count, bytes.size());
      std::memcpy(gathered.data() + count, bytes.data(), n);
      count += n;
      bytes = bytes.subspan(n);
      if (count == kGather) {
        encrypt(gathered);
        count = 0;
      }
    }
  }
  if (count > 0) encrypt(Bytes(gathered).first(count));
}

void TlsStream::encrypt(Bytes plain) {
  std::size_t n = 0;
  if (state_ == State::Failed) return;
  if (SSL_write_ex(ssl_.get(), plain.data(), plain.size(), &n) != 1) fail_with(failure());
}

void TlsStream::close(Buffer& out) {
  if (state_ != State::Open && state_ != State::Ended) return;
  const Borrow borrowed(wire_, {}, out);
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

void TlsStream::fail_with(std::string text) {
  state_ = State::Failed;
  error_ = std::move(text);
  ERR_clear_error();
}

// In OpenSSL's words, with what was wrong with a certificate.
std::string TlsStream::failure() const {
  std::string reason = ssl_reason();
  const long verified = SSL_get_verify_result(ssl_.get());
  if (verified == X509_V_OK || (SSL_get_verify_mode(ssl_.get()) & SSL_VERIFY_PEER) == 0)
    return reason;
  return fmt::format("{}: {}", reason, X509_verify_cert_error_string(verified));
}

}  // namespace weir::net
