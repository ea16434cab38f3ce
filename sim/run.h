// One run: a pooler, a server and clients, drawn from a seed, until everybody is done.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client.h"
#include "cluster.h"
#include "plan.h"
#include "worker.h"

namespace weir::sim {

class Run {
 public:
  Run(std::uint64_t seed, bool verbose);
  ~Run();

  // True where everything was right.
  bool go();
  const std::string& failure() const { return world_.failure(); }
  std::uint64_t steps() const { return world_.steps(); }
  std::string plan_text() const { return plan_.text(); }

 private:
  void add_client();
  std::shared_ptr<Cable> dial();
  void tick(unsigned worker);
  void commands();
  void command();
  void reload();
  void to_all(session::Letter::Kind kind, const std::string& database);
  bool everybody_is_done() const;
  void check();
  void check_counts();
  void check_rest();

  World world_;
  Plan plan_;
  Cluster cluster_;
  pool::Ledger ledger_;
  Site site_;
  std::vector<std::shared_ptr<Client>> clients_;
  int started_ = 0;
  // Pools that had more than their limit when it was lowered: from there they only shrink.
  std::map<std::pair<std::string, std::string>, int> shrinking_;
  bool calm_ = false;  // nothing goes wrong any more
};

}  // namespace weir::sim
