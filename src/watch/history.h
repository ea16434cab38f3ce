// The last samples, as far apart as a rate needs them to be. Pure.
#pragma once

#include <optional>

#include "watch/sample.h"

namespace weir::watch {

class History {
 public:
  // After a reconnection the counters may be those of another process.
  void add(Sample sample, bool reconnected) {
    if (reconnected) {
      before_.reset();
    } else if (now_ && sample.at - now_->at >= kApart) {
      before_ = std::move(now_);
    }
    now_ = std::move(sample);
  }

  // There is one after the first add().
  const Sample& now() const { return *now_; }
  const Sample* before() const { return before_ ? &*before_ : nullptr; }

 private:
  // Two samples in a row may be close together where somebody has asked for other tables.
  static constexpr std::chrono::milliseconds kApart{500};

  std::optional<Sample> now_, before_;
};

}  // namespace weir::watch
