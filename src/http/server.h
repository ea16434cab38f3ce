// The HTTP server: a few threads, each with one connection at a time; what more comes waits in the
// kernel. It shares nothing with the workers. Made and ended by one thread, its owner.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "http/access.h"
#include "http/question.h"
#include "net/fd.h"

namespace weir::http {

class Connection;

struct Listener {
  net::Fd fd;
  bool loopback = false;
};

class Server {
 public:
  // The source outlives the server, and answers or refuses while it is being ended.
  Server(std::vector<Listener> listeners, Access access, Source& source);
  // Cuts all connections; returns when the threads have ended.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // For requests and connections from now on.
  void set_access(Access access);

 private:
  class Guest;

  void run();
  void receive_guest(const Listener& listener);
  void serve(Connection& connection, bool loopback);
  std::shared_ptr<const Access> access();
  bool is_crowded();
  bool is_ending();
  void pause(Duration time);

  std::vector<Listener> listeners_;
  Source& source_;
  net::Fd end_;  // readable once the server is to end
  std::mutex mutex_;
  std::shared_ptr<const Access> access_;
  std::set<Connection*> guests_;
  bool ending_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace weir::http
