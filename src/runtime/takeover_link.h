// One end of the connection between a process and its successor: records in order, some with a
// descriptor. Never waits; what the socket does not take is kept. One thread owns it.
#pragma once

#include <deque>
#include <vector>

#include "net/fd.h"
#include "runtime/takeover_record.h"

namespace weir::runtime {

class TakeoverLink {
 public:
  struct Received {
    Record record;
    net::Fd fd;
  };

  explicit TakeoverLink(net::Fd fd) : fd_(std::move(fd)) {}

  // For a loop, edge-triggered: after each event flush() and receive().
  int fd() const { return fd_.get(); }
  void send(const Record& record, net::Fd fd = {});
  void flush();
  // Appends what has come.
  void receive(std::vector<Received>& out);
  // Nothing more comes or goes.
  bool over() const { return over_; }
  // Everything has been sent.
  bool empty() const { return outgoing_.empty(); }

 private:
  struct Outgoing {
    wire::Buffer bytes;
    net::Fd fd;
    std::size_t sent = 0;
  };

  void take_records(std::vector<Received>& out);

  net::Fd fd_;
  std::deque<Outgoing> outgoing_;
  wire::Buffer incoming_;
  std::vector<net::Fd> descriptors_;  // that came, for records that have not
  bool over_ = false;
};

}  // namespace weir::runtime
