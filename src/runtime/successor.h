// The process that takes over from this one, seen from here, if one comes: it gets the listening
// sockets when it asks, and when it is up everything at rest. On the control thread.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "net/loop.h"
#include "pool/shares.h"
#include "runtime/listeners.h"
#include "runtime/takeover_link.h"
#include "runtime/worker.h"

namespace weir::runtime {

class Successor {
 public:
  Successor(Shared& shared, Listeners& listeners, unsigned generation)
      : shared_(shared), listeners_(listeners), generation_(generation) {}

  // Somebody has connected to the control socket; whoever is served already is not disturbed.
  void accept(net::Loop& loop, std::uint64_t token);
  // The successor says something, or can be written to. True once: when it is up.
  bool on_event();
  // Cancel requests that have found nobody there.
  std::vector<StrayCancel> take_strays() { return std::exchange(strays_, {}); }
  // From now on everything at rest leaves.
  void begin(const ConsoleState& state);
  void send(Record record, net::Fd fd);
  void tell_shares();

  // Once it is up it has the sockets, and nothing new comes here.
  bool is_up() const { return up_; }
  // It went without a goodbye, and what was sent to it is lost.
  bool is_lost() const { return up_ && link_->over() && !goodbye_; }
  bool has_everything() const { return link_->over() || link_->empty(); }

 private:
  void give_listeners();
  void tell_share(const pool::PoolAccount& pool);

  Shared& shared_;
  Listeners& listeners_;
  const unsigned generation_;
  std::unique_ptr<TakeoverLink> link_;
  bool up_ = false;
  bool goodbye_ = false;
  std::vector<StrayCancel> strays_;
  pool::ToldShares told_;
  std::vector<StrayCancel> strays_;
};

}  // namespace weir::runtime
