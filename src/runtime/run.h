// The pooler as a program: everything is wired here, and run() stays until it is told to end.
#pragma once

#include <string>

namespace weir::runtime {

struct RunOptions {
  std::string config_path;
  bool quiet = false;  // no log on stderr
  int verbose = 0;     // added to the setting
  bool strict = false; // as the setting, and stronger
};

// Runs the pooler in the foreground; returns the exit status. Call it from the main thread, once.
int run(const RunOptions& options);

}  // namespace weir::runtime
