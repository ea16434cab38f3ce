#include "runtime/takeover_link.h"

#include <array>

#include "net/passing.h"

namespace weir::runtime {

void TakeoverLink::send(const Record& record, net::Fd fd) {
  outgoing_.push_back({.bytes = encode(record, fd.valid()), .fd = std::move(fd)});
  flush();
}

void TakeoverLink::flush() {
  while (!over_ && !outgoing_.empty()) {
    Outgoing& next = outgoing_.front();
    const net::IoResult sent = net::send_passing(fd_.get(), Bytes(next.bytes).subspan(next.sent),
                                                 next.sent == 0 ? next.fd.get() : -1);
    if (sent.again) return;
    if (sent.n <= 0) {
      over_ = true;
      return;
    }
    next.sent += static_cast<std::size_t>(sent.n);
    if (next.sent == next.bytes.size()) outgoing_.pop_front();
  }
}

void TakeoverLink::receive(std::vector<Received>& out) {
  std::array<std::uint8_t, 65536> buffer;
  while (!over_) {
    const net::IoResult got = net::receive_passing(fd_.get(), buffer, descriptors_);
    if (got.again) return;
    if (got.n <= 0) {
      over_ = true;
      return;
    }
    incoming_.insert(incoming_.end(), buffer.begin(), buffer.begin() + got.n);
    take_records(out);
  }
}

void TakeoverLink::take_records(std::vector<Received>& out) {
  Bytes rest(incoming_);
  for (;;) {
    auto decoded = decode(rest);
    if (!decoded || (*decoded && (*decoded)->with_descriptor && descriptors_.empty())) {
      over_ = true;
      return;
    }
    if (!*decoded) break;
    Received received{.record = std::move((*decoded)->record), .fd = {}};
    if ((*decoded)->with_descriptor) {
      received.fd = std::move(descriptors_.front());
      descriptors_.erase(descriptors_.begin());
    }
    out.push_back(std::move(received));
  }
  incoming_.erase(incoming_.begin(),
                  incoming_.begin() + static_cast<std::ptrdiff_t>(incoming_.size() - rest.size()));
}

}  // namespace weir::runtime
