#include "runtime/service_manager.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <systemd/sd-daemon.h>

#include "net/loop.h"

namespace weir::runtime {

std::vector<net::Fd> passed_sockets() {
  std::vector<net::Fd> passed;
  const int count = sd_listen_fds(1);
  for (int i = 0; i < count; ++i) {
    const int fd = SD_LISTEN_FDS_START + i;
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
    passed.emplace_back(fd);
  }
  return passed;
}

void notify_ready() { sd_notify(0, "READY=1"); }

void notify_reloading() {
  const auto now = net::read_clock().time_since_epoch().count();
  sd_notify(0, fmt::format("RELOADING=1\nMONOTONIC_USEC={}", now).c_str());
}

void notify_stopping() { sd_notify(0, "STOPPING=1"); }

void notify_status(std::string_view status) {
  sd_notify(0, fmt::format("STATUS={}", status).c_str());
}

void notify_successor(int pid) { sd_notify(0, fmt::format("MAINPID={}", pid).c_str()); }

}  // namespace weir::runtime
