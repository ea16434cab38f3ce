// Which server connection serves which client, and when to open or close one.
// Pure: no sockets, clocks or threads; time enters as `now`. One Pool belongs to one worker and
// holds that worker's part of a (database, user) pool; the ledger ties the parts together.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "base/list.h"
#include "pool/ledger.h"
#include "pool/limits.h"
#include "pool/slot.h"
#include "stats/counters.h"

namespace weir::pool {

using ServerList = List<ServerSlot, &ServerSlot::link>;
using ClientList = List<ClientSlot, &ClientSlot::link>;

class Pool {
 public:
  Pool(Ledger& ledger, PoolAccount& account, unsigned worker);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  void configure(const Limits& limits) { limits_ = limits; }
  const Limits& limits() const { return limits_; }
  PoolAccount& account() { return account_; }
  const std::string& database() const { return account_.database.name; }
  const std::string& user() const { return account_.user.name; }

  // Puts a client or server into a state's list, at its end (servers that become Idle: at the
  // front, unless server_round_robin). Illegal moves assert.
  void move(ClientSlot& client, ClientState to, Instant now);
  void move(ServerSlot& server, ServerState to, Instant now);
  // A client that lost its server before it could use it waits on from where it was.
  void wait_again(ClientSlot& client, Instant waiting_since);

  const ClientList& clients(ClientState s) const { return clients_[static_cast<std::size_t>(s)]; }
  const ServerList& servers(ServerState s) const { return servers_[static_cast<std::size_t>(s)]; }
  ClientList& clients(ClientState s) { return clients_[static_cast<std::size_t>(s)]; }
  ServerList& servers(ServerState s) { return servers_[static_cast<std::size_t>(s)]; }
  // Connections that count against the limits: all but those that carry cancels.
  std::size_t connections() const;
  bool has_clients() const;
  // Servers that log in or are cleaned up, and so will be free in a moment.
  std::size_t coming(Instant now);
  // Neither clients nor servers here, nor servers on another worker or on their way to one.
  bool is_empty() const;

  // The server that the next client would get at once, none where it has to wait.
  ServerSlot* available() const;
  // A server in `used` that could serve after its check, where no idle one is there.
  ServerSlot* checkable() const;

  // Who gets a server that has become free: a client of this worker, another worker, or nobody.
  struct Next {
    ClientSlot* client = nullptr;
    std::optional<unsigned> worker;
  };
  Next next_for_free_server() const;

  // A worker, from `first` on, that holds an idle server this pool could use, if any.
  std::optional<unsigned> idle_elsewhere(unsigned first = 0) const;

  // Whether to open a connection now. After Open the caller must open one: its place is taken.
  enum class Opening { No, Open, OpenReserve, DatabaseFull, UserFull };
  Opening try_open(Instant now);
  void give_back();  // a connection that was counted is gone

  // Failure of connects or logins. While it lasts only probes are opened, ever more slowly.
  void connect_failed(std::string reason, std::string sqlstate, Instant now);
  void connect_succeeded();
  bool failing() const { return !failure_.empty(); }
  // Failing, and the last attempt is so fresh that whoever asks now need not wait for another.
  bool refuses(Instant now) const {
    return failing() && now < last_failure_ + std::max(limits_.login_retry, kProbeFirst);
  }
  // Failing, with no connection left on any worker but those being tried.
  bool is_down() const {
    return failing() && account_.servers.value() <=
                            static_cast<int>(servers(ServerState::Login).size());
  }
  // Somebody asks: the next attempt is made at once.
  void probe_now() {
    if (limits_.login_retry == Duration::zero()) next_attempt_ = {};
  }
  // More connections than the limits allow, since they were lowered.
  bool is_oversized() const {
    return account_.servers.value() > limits_.pool_size + limits_.reserve_pool_size;
  }
  const std::string& failure() const { return failure_; }
  const std::string& failure_sqlstate() const { return failure_sqlstate_; }
  // The server is starting or stopping (57P03): try again soon, but nobody is turned away.
  void connect_postponed(Instant now) { next_attempt_ = now + kProbeFirst; }

  bool paused = false;
  bool wait_close = false;
  stats::Counters counters;

  void check_invariants() const;

 private:
  static constexpr Duration kProbeFirst = std::chrono::milliseconds(50);
  static constexpr Duration kProbeLast = std::chrono::milliseconds(800);
  static constexpr std::int64_t kLocalPreference = 1000;  // microseconds
  static constexpr std::size_t kParallelLogins = 32;
  static constexpr Duration kCleanUpUsually = std::chrono::milliseconds(100);

  bool wants_connection(Instant now);
  Opening take(int limit);
  bool reserve_allowed(Instant now) const;
  void publish();

  Ledger& ledger_;
  PoolAccount& account_;
  const unsigned worker_;
  Limits limits_;
  std::array<ClientList, kClientLists> clients_;
  std::array<ServerList, kServerLists> servers_;
  std::string failure_;
  std::string failure_sqlstate_;
  Duration probe_after_ = kProbeFirst;
  Instant next_attempt_{};
  Instant last_failure_{};
};

}  // namespace weir::pool
