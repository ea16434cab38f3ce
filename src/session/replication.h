// Clients that replicate: each has a server connection of its own, opened with what it asked for in
// its startup packet and closed with it, in every pool mode. A part of the Engine; pure.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "session/client.h"
#include "session/effects.h"
#include "session/room.h"
#include "session/server.h"

namespace weir::session {

class Engine;

// Of the startup parameter `replication`; none where PostgreSQL would not take the value.
std::optional<Replicates> read_replication(std::string_view value);
// As SHOW CLIENTS and the log name it.
std::string_view shown(Replicates kind);
std::string_view logged(Replicates kind);

class Replication {
 public:
  explicit Replication(Engine& engine) : engine_(engine) {}

  // The login of a replicating client has succeeded: it waits for its connection from now on.
  void start(Client& c, Room& room, Instant now, Effects& out);
  // Adds what its client asked for to the parameters that the connection is started with.
  void add_wishes(const Server& s, wire::Parameters& startup) const;
  // Its connection is logged in; or will never be, for this reason.
  void ready(Server& s, Instant now, Effects& out);
  void failed(ClientId id, const wire::Report& report, Instant now, Effects& out);
  void tick(Instant now, Effects& out);
  // Letters: a place in a pool is wanted elsewhere; one that was wanted here has come.
  void give_place(const Letter& letter, Instant now, Effects& out);
  void place_came(const Letter& letter, Instant now, Effects& out);

 private:
  bool free_place(Room& room, Instant now, Effects& out);
  bool take_place(Room& room, Instant now, Effects& out);
  void open(Client& c, Instant now, Effects& out);
  void connect(Client& c, Instant now, Effects& out);

  Engine& engine_;
  std::vector<ClientId> logging_in_;  // up to their first ReadyForQuery
};

}  // namespace weir::session
