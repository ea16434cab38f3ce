// The process's listening sockets, which all workers share: opened as the configuration says, or
// passed by the service manager. They are closed, and their files removed, with this object.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/settings.h"
#include "net/fd.h"
#include "runtime/log.h"

namespace weir::runtime {

// One of them, as a worker knows it.
struct Listener {
  int fd = -1;
  bool is_unix = false;
  bool shared = false;  // with another process: it must go on when this one stops
};

class Listeners {
 public:
  Listeners() = default;
  Listeners(Listeners&&) = default;
  Listeners& operator=(Listeners&&) = default;
  ~Listeners();

  Result<void> open(const config::Settings& settings, Log& log);

  std::vector<Listener> list() const;

 private:
  struct Socket {
    net::Fd fd;
    bool is_unix = false;
    bool shared = false;
    std::string file = {};  // to be removed
  };

  void adopt_passed(std::vector<net::Fd> passed, const config::Settings& settings, Log& log);
  Result<void> open_tcp(const config::Settings& settings, Log& log);
  bool open_host(const std::string& host, const config::Settings& settings, Log& log);
  Result<void> open_unix(const config::Settings& settings, Log& log);

  std::vector<Socket> sockets_;
};

// Tells the kernel of a TCP listener whether to wait for a client's first bytes.
void apply_defer_accept(int listener, const config::Settings& settings);

}  // namespace weir::runtime
