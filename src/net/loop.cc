#include "net/loop.h"

#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

#include "base/check.h"
#include "net/socket.h"

namespace weir::net {

namespace {

int milliseconds(Duration timeout) {
  if (timeout < Duration::zero()) return -1;
  const auto rounded = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
  return static_cast<int>(std::min<std::int64_t>(rounded, std::numeric_limits<int>::max()));
}

Ready ready_of(const epoll_event& event) {
  const std::uint32_t bits = event.events;
  const bool over = (bits & (EPOLLHUP | EPOLLERR)) != 0;
  return {
      .token = event.data.u64,
      .readable = (bits & (EPOLLIN | EPOLLRDHUP)) != 0 || over,
      .writable = (bits & EPOLLOUT) != 0 || over,
      .hangup = (bits & (EPOLLRDHUP | EPOLLHUP)) != 0,
      .error = (bits & EPOLLERR) != 0,
  };
}

}  // namespace

Instant read_clock() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return Instant(Duration(std::int64_t{time.tv_sec} * 1'000'000 + time.tv_nsec / 1000));
}

Result<std::unique_ptr<Loop>> Loop::create() {
  Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return fail(errno_text("epoll_create1", errno));
  Fd event(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!event.valid()) return fail(errno_text("eventfd", errno));
  std::unique_ptr<Loop> loop(new Loop(std::move(epoll), std::move(event)));
  // Edge-triggered: every write is an edge, so the counter never has to be read.
  auto added = loop->control_add(loop->event_.get(), kWakeToken, EPOLLIN | EPOLLET);
  if (!added) return std::unexpected(added.error());
  return loop;
}

Loop::Loop(Fd epoll, Fd event)
    : epoll_(std::move(epoll)), event_(std::move(event)), now_(read_clock()) {}

Result<void> Loop::control_add(int fd, std::uint64_t token, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = token;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0) return {};
  return fail(errno_text("epoll_ctl", errno));
}

Result<void> Loop::add(int fd, std::uint64_t token) {
  ASSERT(token != kWakeToken);
  return control_add(fd, token, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

Result<void> Loop::add_listener(int fd, std::uint64_t token) {
  ASSERT(token != kWakeToken);
  return control_add(fd, token, EPOLLIN | EPOLLEXCLUSIVE);
}

void Loop::remove(int fd) {
  const int rc = ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  ASSERT(rc == 0 || errno == ENOENT);
}

std::span<const Ready> Loop::wait(Duration timeout) {
  const int n = ::epoll_wait(epoll_.get(), events_.data(), static_cast<int>(kEventsMax),
                             milliseconds(timeout));
  ASSERT(n >= 0 || errno == EINTR);
  now_ = read_clock();
  woken_ = false;
  std::size_t count = 0;
  for (int i = 0; i < n; ++i) {
    const epoll_event& event = events_[static_cast<std::size_t>(i)];
    if (event.data.u64 == kWakeToken) {
      // Before the caller looks into its mailboxes: what comes later wakes anew.
      wake_pending_.exchange(false, std::memory_order_acq_rel);
      woken_ = true;
    } else {
      ready_[count++] = ready_of(event);
    }
  }
  return {ready_.data(), count};
}

void Loop::wake() {
  if (wake_pending_.exchange(true, std::memory_order_acq_rel)) return;
  const std::uint64_t one = 1;
  const ssize_t n = ::write(event_.get(), &one, sizeof one);
  ASSERT(n == sizeof one);
}

}  // namespace weir::net
