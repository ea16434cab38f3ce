// The system's log: one datagram a line to /dev/log, never waiting for its reader.
// Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "net/address.h"
#include "net/fd.h"

namespace weir::net {

struct SyslogOptions {
  bool on = false;
  std::string ident{};
  int facility = 0;  // LOG_DAEMON and the like
  std::string path = "/dev/log";
};

class Syslog {
 public:
  void configure(const SyslogOptions& options);
  bool on() const { return options_.on; }
  // False when the line is lost: nobody reads there, or not fast enough.
  // `priority` is LOG_INFO and the like.
  bool send(int priority, std::int64_t unix_us, std::string_view text);

 private:
  bool connect();

  SyslogOptions options_;
  Fd fd_;
};

}  // namespace weir::net
