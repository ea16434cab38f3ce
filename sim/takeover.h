// An online restart: what one process sends the one that takes over from it, in order, with the
// connections. Stands for both control threads and the socket between them.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "pool/shares.h"
#include "worker.h"

namespace weir::sim {

class Takeover {
 public:
  struct Share {
    std::string database, user;
    int change = 0;
  };
  using Record = std::variant<session::PoolKnowledge, session::ClientParcel,
                              session::TravellingServer, Share>;

  Takeover(World& world, Site& from, Site& to) : world_(world), from_(from), to_(to) {}
  Takeover(const Takeover&) = delete;
  Takeover& operator=(const Takeover&) = delete;

  // The successor is up.
  void begin();
  void send(Record record, std::shared_ptr<Cable> cable = nullptr);
  // A cancel request that nobody of the successor knows the client of, and its end.
  void pass_back(const session::Letter& request);
  void passed_back_is_over(ClientId number);

 private:
  void tell_share(const pool::PoolAccount& pool);
  void tell_shares();
  void post(Record record, std::shared_ptr<Cable> cable);
  void come(const Record& record, const std::shared_ptr<Cable>& cable);
  Duration delay();

  World& world_;
  Site& from_;
  Site& to_;
  pool::ToldShares told_;
  std::vector<std::pair<unsigned, ClientId>> askers_ = {};  // of passed cancels: worker, client
  Instant last_{};  // when the last record comes
};

}  // namespace weir::sim
