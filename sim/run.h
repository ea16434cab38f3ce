// One run: poolers, a server and clients, drawn from a seed, until everybody is done.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "client.h"
#include "cluster.h"
#include "plan.h"
#include "process.h"
#include "takeover.h"

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
  Process& add_process(int number, unsigned workers, unsigned generation);
  std::shared_ptr<Cable> dial(Process& process);
  // Of a client: a cancel request may come to any process of the group.
  std::shared_ptr<Cable> dial_in(bool for_cancel);
  void take_over();
  void commands();
  void command();
  void reload();
  void calm_down();
  void to_all(session::Letter::Kind kind, const std::string& database);
  bool everybody_is_done() const;
  void check();
  void check_rest();

  World world_;
  Plan plan_;
  Cluster cluster_;
  std::vector<std::unique_ptr<Process>> processes_;
  std::size_t serving_ = 0;  // of them, the one that clients come to
  std::unique_ptr<Takeover> takeover_;
  std::vector<std::shared_ptr<Client>> clients_;
  int started_ = 0;
  bool calm_ = false;  // nothing goes wrong any more
};

}  // namespace weir::sim
