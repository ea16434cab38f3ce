// `weir top`: what a running pooler does, on a terminal or as plain text, over its console.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "watch/state.h"

namespace weir::watch {

struct TopOptions {
  std::string connection_string;
  bool once = false;  // plain text instead of a screen, as where there is no terminal
  int interval = static_cast<int>(kFirstInterval.count());  // seconds between two samples
  std::optional<View> view;                                 // which table, or the first
};

// The exit status: 0 when somebody has quit, 1 when there is nothing to show.
int top(const TopOptions& options);

}  // namespace weir::watch
