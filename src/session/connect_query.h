// What a new server connection does between its login and its first client: connect_query, and
// the question which settings that has left, since they are this server's base from then on.
// A part of the Engine, without state of its own; pure.
#pragma once

#include "session/effects.h"
#include "session/server.h"

namespace weir::session {

class Engine;

class ConnectQuery {
 public:
  // True where the server has a connect_query, which it runs from now on.
  static bool begin(Engine& engine, Server& s, Effects& out);
  // A message of a server in ServerPhase::Setup. False where it has no place there.
  static bool message(Engine& engine, Server& s, const wire::Piece& piece, Instant now,
                      Effects& out);

 private:
  static void on_error(Engine& engine, Server& s, Bytes body, Effects& out);
  static bool on_ready(Engine& engine, Server& s, char status, Instant now, Effects& out);
  static void ask(Engine& engine, Server& s, Effects& out);
};

}  // namespace weir::session
