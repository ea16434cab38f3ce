#include "cli/interrupt.h"

#include <ctime>

namespace weir::cli {

Interrupt::Interrupt() {
  sigemptyset(&signals_);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals_, signal);
  sigprocmask(SIG_BLOCK, &signals_, &before_);
}

Interrupt::~Interrupt() { sigprocmask(SIG_SETMASK, &before_, nullptr); }

bool Interrupt::wait(std::chrono::milliseconds time) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
  const timespec limit{seconds.count(), std::chrono::nanoseconds(time - seconds).count()};
  if (!asked_) asked_ = sigtimedwait(&signals_, nullptr, &limit) > 0;
  return asked_;
}

}  // namespace weir::cli
