// The process that this one takes over from, seen from here: gives the listening sockets before
// anything is started, and then, on the control thread, what is at rest there.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pool/shares.h"
#include "runtime/listeners.h"
#include "runtime/takeover_link.h"
#include "runtime/worker.h"

namespace weir::runtime {

class Predecessor {
 public:
  // Blocks until it has the sockets. `path` is the predecessor's control socket.
  static Result<std::unique_ptr<Predecessor>> find(const std::string& path);

  Listeners take_listeners() { return std::move(listeners_); }
  // This process's, following the predecessor's.
  unsigned generation() const { return generation_; }

  int fd() const { return link_.fd(); }
  // The workers run: whatever can come may come.
  void begin(Shared& shared);
  // Something has come. Console state is returned for the control thread to put in force.
  std::vector<ConsoleState> on_event();
  void send(const StrayCancel& stray) { link_.send(stray); }
  // Which of those are over.
  std::vector<StrayOver> take_over() { return std::exchange(over_, {}); }
  bool over() const { return link_.over(); }
  // In good order: the predecessor need not fear for its clients.
  void leave() { link_.send(Goodbye{}); }

 private:
  explicit Predecessor(net::Fd fd) : link_(std::move(fd)) {}

  Result<void> receive_listeners();
  void take(TakeoverLink::Received received);

  TakeoverLink link_;
  Listeners listeners_;
  unsigned generation_ = 0;
  Shared* shared_ = nullptr;
  pool::HeardShares shares_;
  std::vector<Share> early_;  // told before there was a ledger here
  std::vector<ConsoleState> states_;
  std::vector<StrayOver> over_;
};

}  // namespace weir::runtime
