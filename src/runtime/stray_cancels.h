// Cancel requests for clients that an online restart has left with an earlier process: they come
// here, where nobody has their key, and are passed back from process to process until one has it.
// The end of each is told the way it came. On the control thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "runtime/predecessor.h"
#include "runtime/successor.h"

namespace weir::runtime {

class StrayCancels {
 public:
  StrayCancels(Shared& shared, Successor& successor,
               const std::unique_ptr<Predecessor>& predecessor)
      : shared_(shared), successor_(successor), predecessor_(predecessor) {}

  // A worker has found nobody with the key of a request: its own, or the successor's.
  void unknown_here(const ControlMessage& message);
  // The successor's: a worker of ours may know whom it is for.
  void of_successor(StrayCancel stray);
  // One that we have numbered has come to its end.
  void over(std::uint32_t number);
  void predecessor_has_ended();

 private:
  // A worker's client, or a number of the successor's: then `worker` is none of ours.
  struct Asker {
    unsigned worker = 0;
    ClientId client = {};
    bool passed_back = false;
  };

  unsigned successor_s() const { return static_cast<unsigned>(shared_.workers.size()); }

  Shared& shared_;
  Successor& successor_;
  const std::unique_ptr<Predecessor>& predecessor_;
  std::map<std::uint32_t, Asker> askers_;  // by our numbers
  std::uint32_t next_ = 0;
};

}  // namespace weir::runtime
