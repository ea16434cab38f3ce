// A PostgreSQL server process at the far end of a cable: the session model with time, limits of
// the network, and death. Owned by the Cluster.
#pragma once

#include <memory>
#include <string>

#include "network.h"
#include "postgres.h"
#include "world.h"

namespace weir::sim {

class Cluster;

class Backend {
 public:
  Backend(World& world, Cluster& cluster, std::shared_ptr<Cable> cable, std::uint32_t pid);
  ~Backend();

  std::uint32_t pid() const { return pid_; }
  std::uint32_t key() const { return key_; }
  bool gone() const { return phase_ == Phase::Gone; }
  bool serves() const { return phase_ == Phase::Running; }

  void cancel();                // a cancel request has reached it
  void terminate(bool politely);  // with FATAL and FIN, or just a reset
  void terminate_quietly() { go(); }

 private:
  static constexpr int kEnd = 1;
  enum class Phase { Startup, Running, Canceling, Gone };

  void woken();
  void read_startup();
  void work();
  void finish(const Request& request, bool canceled);
  void watch_owner(const Request& request);
  void flush();
  void go();

  World& world_;
  Cluster& cluster_;
  std::shared_ptr<Cable> cable_;
  Phase phase_ = Phase::Startup;
  std::uint32_t pid_, key_;
  std::unique_ptr<Postgres> session_;
  std::string in_, out_;
  Request current_;        // the request at work
  bool busy_ = false;
  std::uint64_t turn_ = 0; // numbers the requests, so that a late end finds nothing
  std::string owner_;      // the tag of the client in whose transaction it is
};

}  // namespace weir::sim
