// Ctrl-C and the other signals that ask us to stop, taken where we wait instead of in a handler.
// One per process, made before any thread.
#pragma once

#include <chrono>
#include <csignal>

namespace weir::cli {

class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  // Waits this long, or less: true when we were asked to stop, now or before.
  bool wait(std::chrono::milliseconds time);

 private:
  sigset_t signals_, before_;
  bool asked_ = false;
};

}  // namespace weir::cli
