// The process's listening sockets, which all workers share: opened as the configuration says,
// passed by the service manager, or a predecessor's. They close with this object.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/settings.h"
#include "net/fd.h"
#include "runtime/log.h"
#include "runtime/takeover_record.h"

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
  void adopt(const PassedListener& listener, net::Fd fd);

  // Those for clients.
  std::vector<Listener> list() const;
  // Where a successor asks for all of this; -1: nowhere.
  int control() const;
  // For a successor, with descriptors of its own.
  std::vector<std::pair<PassedListener, net::Fd>> copies() const;
  // Whether the sockets' files are this process's to remove. Those it has adopted are not, until
  // their former owner has left them.
  void own_files(bool own) { owns_files_ = own; }

 private:
  struct Socket {
    net::Fd fd;
    PassedListener what = {};  // its `file` is to be removed at the end
  };

  void adopt_passed(std::vector<net::Fd> passed, const config::Settings& settings, Log& log);
  Result<void> open_tcp(const config::Settings& settings, Log& log);
  bool open_host(const std::string& host, const config::Settings& settings, Log& log);
  Result<void> open_unix(const config::Settings& settings, Log& log);
  void open_control(const config::Settings& settings, Log& log);

  std::vector<Socket> sockets_;
  bool owns_files_ = true;
};

// The socket file of a process with these settings; empty where there is none.
std::string control_path(const config::Settings& settings);

// Tells the kernel of a TCP listener whether to wait for a client's first bytes.
void apply_defer_accept(int listener, const config::Settings& settings);

}  // namespace weir::runtime
