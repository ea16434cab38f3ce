// The event loop of a worker: epoll with each descriptor registered once, edge-triggered.
// It calls nobody: wait() returns events, the worker acts. One thread owns it; wake() is for all.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/result.h"
#include "base/time.h"
#include "net/fd.h"
#include "net/notifier.h"

namespace weir::net {

// The monotonic clock in microseconds. Workers use Loop::now() instead, which stands still
// during a turn.
Instant read_clock();

// After a hangup or an error `readable` and `writable` are set too: the system call tells which.
struct Ready {
  std::uint64_t token;
  bool readable;
  bool writable;
  bool hangup;  // the peer ended its direction (FIN) or both
  bool error;
};

class Loop final : public Notifier {
 public:
  static constexpr std::size_t kEventsMax = 256;
  static constexpr Duration kForever{-1};

  static Result<std::unique_ptr<Loop>> create();

  // Edge-triggered in both directions: an event comes when something changes (and once for what
  // is already there), so read and write until `again` or remember that there is more. The token
  // is the caller's and must not be ~0.
  Result<void> add(int fd, std::uint64_t token);
  // Level-triggered; the same listener may be in several loops, and one connection wakes few.
  Result<void> add_listener(int fd, std::uint64_t token);
  // To stop listening, or before a descriptor goes to another worker. Not needed before close.
  // Events already handed out by this turn's wait() stay there: stale tokens must find nothing.
  void remove(int fd);

  // Sleeps until something is ready, wake() was called, or the timeout is over (rounded up to
  // milliseconds). Empty on timeout, wake and signals. The span holds until the next wait().
  std::span<const Ready> wait(Duration timeout);

  // Whether a wake() was among what ended the last wait(): drain the mailboxes.
  bool woken() const { return woken_; }
  // When the last wait() returned.
  Instant now() const { return now_; }

  // From any thread. Calls that come before the loop has woken cost one atomic exchange.
  void wake();
  void notify() override { wake(); }

 private:
  static constexpr std::uint64_t kWakeToken = ~std::uint64_t{0};

  Loop(Fd epoll, Fd event);
  Result<void> control_add(int fd, std::uint64_t token, std::uint32_t events);

  Fd epoll_;
  Fd event_;
  Instant now_;
  bool woken_ = false;
  std::array<epoll_event, kEventsMax> events_;
  std::array<Ready, kEventsMax> ready_;
  // On its own line of the cache: other threads write it.
  alignas(64) std::atomic<bool> wake_pending_ = false;
};

}  // namespace weir::net
