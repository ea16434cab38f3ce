// systemd's side of the process: the sockets that it passes and what it is told. Nothing happens
// where there is no service manager. From one thread at a time.
#pragma once

#include <string_view>
#include <vector>

#include "net/fd.h"

namespace weir::runtime {

// Passed sockets (LISTEN_FDS), once: children do not see them.
std::vector<net::Fd> passed_sockets();

void notify_ready();
void notify_reloading();
void notify_stopping();
void notify_status(std::string_view status);
// Another process is the service's main one from now on.
void notify_successor(int pid);

}  // namespace weir::runtime
