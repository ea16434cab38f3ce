// Cancel requests whose client is with another process: one of the group ([peers]), each over a
// connection of its own, a bounded number at a time; or the process that this one has taken over
// from. A part of the Engine; pure.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "session/effects.h"
#include "session/room.h"
#include "session/server.h"
#include "session/snapshot.h"

namespace weir::session {

class Engine;
struct Client;

class Peering {
 public:
  explicit Peering(Engine& engine) : engine_(engine) {}

  // Whether another process has made this key.
  bool is_foreign(std::uint64_t key) const;
  // Passes the request on. `asker` is closed when its answer, the end of the connection, has come.
  void forward(Client& asker, std::uint64_t key, std::string_view rest, Instant now, Effects& out);
  // A connection to the peer with this pool has ended.
  void ended(const pool::Pool& pool, Instant now, Effects& out);
  // A request that has found nobody to cancel here. It may be for a client that an online restart
  // has left behind: where there was one, the control thread passes it on and answers it.
  void in_vain(const Letter& request, Instant now, Effects& out);
  void tick(Instant now, Effects& out);
  std::vector<PeerPoolRow> rows() const;

  bool has_predecessor = false;

 private:
  struct Request {
    ClientId asker;
    std::uint64_t key = 0;
    std::string rest;
  };
  struct Peer {
    Peer(pool::Ledger& ledger, pool::PoolAccount& account, unsigned worker)
        : room(ledger, account, worker) {}
    Room room;                    // holds the connections to it
    std::deque<Request> waiting;  // for one
  };

  Peer& peer(int id);
  void send_waiting(int id, Peer& peer, Instant now, Effects& out);
  void connect(const config::Peer& entry, Peer& peer, const Request& request, Instant now,
               Effects& out);

  Engine& engine_;
  std::map<int, Peer> peers_;  // those that something was sent to
};

}  // namespace weir::session
