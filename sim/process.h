// One pooler process: its ledger, its workers, and what must always be true of them.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "cluster.h"
#include "plan.h"
#include "worker.h"

namespace weir::sim {

class Process {
 public:
  struct Setup {
    World& world;
    Cluster& cluster;
    const Plan& plan;  // its limits may change
    std::shared_ptr<const config::Config> config;
    unsigned workers;
    unsigned generation = 0;
    Site::DialPeer dial_peer = {};
  };
  explicit Process(Setup setup);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // A new connection, at its end 1.
  void accept(std::shared_ptr<Cable> cable);
  void to_all(session::Letter::Kind kind, const std::string& database);
  // Pools may have as many connections as before until they have shrunk.
  void configure(std::shared_ptr<const config::Config> config, int pool_limit_before);

  void check();
  // Everybody has gone: what is left must be at rest.
  void check_rest();

  Site& site() { return site_; }

 private:
  using Names = std::pair<std::string, std::string>;

  void tick(unsigned worker);
  void check_counts();
  void check_limits(const std::map<Names, int>& real);
  void check_liveness();
  void check_figures();

  World& world_;
  const Plan& plan_;
  pool::Ledger ledger_;
  Site site_;
  std::map<Names, int> shrinking_;
};

}  // namespace weir::sim
