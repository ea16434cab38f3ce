// Puts the process into the background. Whoever started it waits until it is up, and gets an exit
// status that tells. Before any thread is started.
#pragma once

#include "base/result.h"
#include "net/fd.h"

namespace weir::runtime {

class Daemon {
 public:
  // Returns in the process in the background, in a session of its own and without a terminal.
  static Result<Daemon> detach();
  // The start has succeeded: lets the starter go and gives up standard input, output and error.
  void ready();

 private:
  explicit Daemon(net::Fd starter) : starter_(std::move(starter)) {}

  net::Fd starter_;  // closed without a word when the start fails
};

}  // namespace weir::runtime
