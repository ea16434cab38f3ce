// The pooler as a program: everything is wired here, and run() stays until it is told to end.
#pragma once

#include <string>

namespace weir::runtime {

struct RunOptions {
  std::string config_path;
  std::string user;     // to run as, in place of the configuration's
  bool daemon = false;  // go into the background
  bool quiet = false;   // no log on stderr
  bool reboot = false;  // take over from a running process
  bool strict = false;  // as the setting, and stronger
  int verbose = 0;      // added to the setting
};

// Runs the pooler; returns the exit status. Call it from the main thread, once.
int run(const RunOptions& options);

}  // namespace weir::runtime
