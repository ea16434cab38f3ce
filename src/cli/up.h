// `weir up`: a private PostgreSQL with the pooler in front of it, for a first look and for
// development. Keeps its data between runs; stops both in order.
#pragma once

#include <string>

namespace weir::cli {

struct UpOptions {
  std::string postgres_bin;         // the folder of PostgreSQL's programs; empty: searched for
  std::string directory = ".weir";  // where data, configuration and logs are kept
  int port = 6432;                  // of the pooler, on 127.0.0.1
};

// Returns when it was asked to stop (0) or could not go on (1).
int up(const UpOptions& options);

}  // namespace weir::cli
