// The control thread's part of an online restart: when to leave, and when everything has left.
#include "runtime/control.h"

namespace weir::runtime {

// A successor is up.
void Control::begin_leaving() {
  shared_.log.write(LogLevel::kLog, "a new process takes over: clients and servers at rest go to "
                                    "it, the others when they come to rest");
  http_.stop();  // the port is the new process's from now on
  if (listeners_.control() >= 0) loop_->remove(listeners_.control());
  successor_.begin({.all_paused = all_paused_, .paused = paused_, .disabled = disabled_});
}

// Ends the process when nobody but clients of the console is left, and all has been passed on.
void Control::tick_leaving(std::span<const session::Snapshot> snapshots) {
  successor_.tell_shares();
  std::size_t consoles = 0;
  std::size_t servers = 0;
  for (const session::Snapshot& snapshot : snapshots) {
    servers += snapshot.server_count;
    consoles += snapshot.console_count;
  }
  std::size_t clients = 0;
  for (const auto& load : shared_.load)
    clients += static_cast<std::size_t>(load.load(std::memory_order_relaxed));
  // What comes from a predecessor that still has some goes on to the successor.
  if (clients > consoles || servers > 0 || !successor_.has_everything() || predecessor_ ||
      stopped_)
    return;
  shared_.log.write(LogLevel::kLog, "everything has been taken over, exiting");
  successor_.send(Goodbye{}, {});
  stopped_ = true;
}

void Control::on_predecessor() {
  if (!predecessor_) return;
  for (const ConsoleState& state : predecessor_->on_event()) {
    if (state.all_paused) {
      all_paused_ = true;
      broadcast(session::Letter::Kind::Pause, {});
    }
    paused_ = state.paused;
    disabled_ = state.disabled;
    for (const std::string& database : paused_)
      broadcast(session::Letter::Kind::Pause, {.command = {.database = database}});
    for (const std::string& database : disabled_)
      broadcast(session::Letter::Kind::Disable, {.command = {.database = database}});
  }
  for (const StrayOver& answer : predecessor_->take_over()) strays_.over(answer.number);
  if (!predecessor_->over()) return;
  shared_.log.write(LogLevel::kLog, "the process that ran before has ended");
  predecessor_.reset();
  strays_.predecessor_has_ended();
}

}  // namespace weir::runtime
