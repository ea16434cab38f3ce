// How another thread tells a consumer that something waits for it.
// notify() may come from any thread, and several notices may arrive as one.
#pragma once

namespace weir::net {

class Notifier {
 public:
  virtual ~Notifier() = default;
  virtual void notify() = 0;
};

}  // namespace weir::net
