// How long a client has held up the answer of its server: the time in which bytes wait for the
// client, and the server is not read for its sake. Pure; a member of the Server.
#pragma once

#include <utility>

#include "base/time.h"

namespace weir::session {

class Stall {
 public:
  void begin(Instant now) {
    if (!std::exchange(on_, true)) since_ = now;
  }
  void end(Instant now) {
    if (std::exchange(on_, false)) sum_ += now - since_;
  }
  // Forgets what was before now.
  void restart(Instant now) {
    sum_ = {};
    since_ = now;
  }
  // What has come together since the restart, which is now again.
  Duration take(Instant now) {
    const Duration sum = on_ ? sum_ + (now - since_) : sum_;
    restart(now);
    return sum;
  }

 private:
  Instant since_{};  // or since the restart
  Duration sum_{};
  bool on_ = false;
};

}  // namespace weir::session
