// One worker: an Engine, and whoever performs its effects on the simulated network, by the same
// contract as the real event loop.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "cluster.h"
#include "network.h"
#include "pool/shares.h"
#include "session/engine.h"
#include "session/takeover.h"
#include "world.h"

namespace weir::sim {

class Worker;

class Takeover;

// What all workers of a process share.
struct Site {
  // Opens a connection to another process of the group and returns its end 0.
  using DialPeer = std::function<std::shared_ptr<Cable>(const std::string& host)>;

  World& world;
  Cluster& cluster;
  pool::Ledger& ledger;
  std::shared_ptr<const config::Config> config;
  unsigned generation = 0;
  DialPeer dial_peer = {};
  std::vector<std::unique_ptr<Worker>> workers = {};
  // Server connections that travel between workers, by pool.
  std::map<std::pair<std::string, std::string>, int> travelling = {};
  pool::HeardShares elsewhere = {};  // connections that a predecessor still has
  Takeover* successor = nullptr;     // the way to whoever takes over
  Takeover* predecessor = nullptr;   // the way back to whoever was taken over
  bool inherits = false;             // connections of a predecessor may still come
  int read_size_max = 16 * 1024;
  int letter_delay_us_max = 200;
  int full_mailbox_percent = 0;      // of letters that have to wait, and may be overtaken
};

class Worker {
 public:
  Worker(Site& site, unsigned number);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void accept(std::shared_ptr<Cable> cable);
  void tick();
  void configure(std::shared_ptr<const config::Config> config);
  // A letter of another worker, or a command of the console.
  void mail(session::Letter letter);

  // An online restart: what is at rest leaves; what another process had comes in. Clients and
  // servers bring their cable.
  void begin_departing();
  void arrive(const session::PoolKnowledge& pool);
  void arrive(const session::ClientParcel& client, std::shared_ptr<Cable> cable);
  void arrive(const session::TravellingServer& server, std::shared_ptr<Cable> cable);

  session::Engine& engine() { return engine_; }
  // Server connections that exist or are being opened, those that carry cancels included.
  std::size_t server_sockets() const;
  // All but those that a successor has.
  std::uint64_t clients_ever() const { return clients_ever_; }

 private:
  using Connection = session::Connection;
  using Key = std::tuple<int, std::uint32_t, std::uint32_t>;
  struct Socket {
    Connection id;
    std::shared_ptr<Cable> cable;  // none while it connects
    int end = 0;                   // of the cable, which is ours
    std::string unsent;
    bool asked_for = false;  // the engine wants to be called even if there is nothing to read
    bool closing = false;
  };
  using SocketPtr = std::shared_ptr<Socket>;

  static Key key(Connection c) {
    return {static_cast<int>(c.side), c.index, c.generation};
  }
  SocketPtr find(Connection c) const;
  void attach(const SocketPtr& socket);
  void woken(const SocketPtr& socket);
  void read(const SocketPtr& socket);
  void sweep();
  void depart_client(Connection c);
  void depart_server(Connection c);
  bool wants_read(const SocketPtr& socket);
  void feed(const SocketPtr& socket, const std::string& bytes);
  void ended(const SocketPtr& socket, std::string_view reason);
  bool flush(const SocketPtr& socket);

  void perform();
  void send(const session::Effect& effect);
  void connect(ServerId id);
  void close(Connection c, bool at_once);
  void post(const session::Effect& effect);
  void to_control(const session::Letter& letter);
  void ask(const auth::Question& question);
  void receive(const session::Letter& letter, const SocketPtr& travelling);
  bool blocked(const SocketPtr& socket);
  void resume_soon(Connection c);
  Duration letter_delay(Worker& to);

  Site& site_;
  World& world_;
  const unsigned number_;
  session::Engine engine_;
  session::Takeover takeover_{engine_};
  session::Effects out_;
  std::uint64_t clients_ever_ = 0;
  std::map<Key, SocketPtr> sockets_;
  std::vector<SocketPtr> lingering_;  // closed, with bytes that have not gone out yet
  std::map<unsigned, Instant> last_letter_;  // by receiver: normally letters keep their order
  bool departing_ = false;
};

}  // namespace weir::sim
