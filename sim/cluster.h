// The PostgreSQL server: its backends, cancel requests on their way, and its bad days.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "backend.h"
#include "network.h"
#include "world.h"

namespace weir::sim {

// What goes wrong with the server in this run, in percent of the occasions.
struct Trouble {
  int refuse = 0;    // connects
  int hang = 0;      // connects that nobody answers
  int starting = 0;  // logins that come too early
  int kill_ms = 0;   // mean time between ends of backends; 0: none
  int cancel_delay_ms = 5;
};

class Cluster {
 public:
  Cluster(World& world, const Weather& weather, const Trouble& trouble)
      : world_(world), weather_(weather), trouble_(trouble) {}

  // Calls back with the cable, whose end 0 is the caller's, or with none where it was refused.
  void connect(std::function<void(std::shared_ptr<Cable>)> done);
  bool is_starting() { return world_.random.percent(trouble_.starting); }
  void cancel_later(std::uint32_t pid, const std::string& key, Backend& carrier);
  void kill_some();
  // From now on nothing goes wrong any more.
  void recover() { trouble_ = {}; }

  std::size_t serving() const;

 private:
  void kill_next();
  void kill_one();

  World& world_;
  const Weather& weather_;
  Trouble trouble_;
  std::uint32_t next_pid_ = 1000;
  // Those that have gone stay, since timers of theirs may be under way.
  std::map<std::uint32_t, std::unique_ptr<Backend>> backends_;
};

}  // namespace weir::sim
