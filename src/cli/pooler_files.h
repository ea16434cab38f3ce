// The configuration and the user list with which `weir up` starts its pooler.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/state_folder.h"

namespace weir::cli {

inline constexpr const char* kPoolerConfig = "weir.ini";
inline constexpr const char* kUserList = "userlist.txt";

struct PoolerSetup {
  int port = 0;
  int http_port = 0;
  std::string server_host;  // the folder of the server's socket
  int server_port = 0;
  std::string user, secret;
};

// A weir.ini without its first line, the note that it is written anew, is somebody's own and stays.
Result<void> write_pooler_files(const StateFolder& folder, const PoolerSetup& setup);

}  // namespace weir::cli
