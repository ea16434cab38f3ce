// Opens the clients, keeps every one of them busy for the measured stretch, and says what came of
// it. One thread, one epoll; the program's only place with the load's sockets.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "blocks.h"
#include "gauges.h"
#include "latency.h"
#include "load_client.h"
#include "tcp.h"

namespace weir::bench {

struct LoadOptions {
  Address at;
  std::size_t clients = 1;
  double seconds = 1;
  double warm_up_seconds = 0.3;
  std::uint64_t transactions = 0;  // not 0: exactly so many, without a warm-up
  bool reconnect = false;          // a connection for every transaction
  std::uint64_t copy_bytes = 0;    // what a COPY FROM STDIN is given
  std::uint32_t copy_row_size = 100;
};

struct Outcome {
  std::uint64_t transactions = 0;
  std::uint64_t errors = 0;
  std::string first_error;
  std::uint64_t bytes = 0;  // received, and sent as copy data
  double seconds = 0;
  Latency latency;
  Reading used;  // by the watched processes
};

class LoadRun {
 public:
  LoadRun(LoadOptions options, Script& script, Login& login);
  ~LoadRun();
  LoadRun(const LoadRun&) = delete;
  LoadRun& operator=(const LoadRun&) = delete;

  // Returns when every client is logged in, and prepared if it has to be.
  void open_clients();
  // One transaction by every client, a few at a time.
  void touch();
  Outcome measure(const Gauges& gauges);
  // Lets what is under way come to its end and says goodbye.
  void finish();

 private:
  struct Connection {
    Connection(Script& script, Login& login) : client(script, login) {}
    int fd = -1;
    LoadClient client;
    wire::Buffer unsent;
    std::uint64_t started_ns = 0;
    std::uint64_t copy_left = 0;  // bytes
    std::size_t copy_at = 0;      // in the block
  };
  using Phase = LoadClient::Phase;

  void open(Connection& c);
  void turn();
  void serve(Connection& c);
  bool read_once(Connection& c);
  void after_answer(Connection& c, Phase before);
  void begin(Connection& c, std::uint64_t now_ns);
  void begin_all(std::uint64_t most);
  void begin_one(Connection& c);
  bool flush(Connection& c);
  bool pump_copy(Connection& c);
  void send_out(Connection& c);

  LoadOptions options_;
  int epoll_;
  std::vector<std::unique_ptr<Connection>> connections_;
  Blocks blocks_;
  wire::Buffer scratch_, out_;
  std::size_t idle_ = 0;
  std::uint64_t may_begin_ = 0;  // transactions still to be begun
  Outcome outcome_;
};

}  // namespace weir::bench
