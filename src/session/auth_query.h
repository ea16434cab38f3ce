// Users who are not in auth_file: their secrets are asked of a server with auth_query before their
// login goes on. One query a user, however many log in at once; answers are kept for a while.
// A part of the Engine; pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "session/client.h"
#include "session/effects.h"
#include "session/secret_cache.h"
#include "session/server.h"

namespace weir::session {

class Engine;

class AuthQuery {
 public:
  explicit AuthQuery(Engine& engine) : engine_(engine) {}

  // Whether this client's user has to be looked up before its login can go on.
  bool wanted(const Client& c) const;
  // Looks it up. The login goes on, or ends, at once or when the answer has come.
  void start(Client& c, Instant now, Effects& out);
  // A password message of a client whose secret may be out of date.
  static void keep_proof(Client& c, Bytes payload);
  // Its proof was wrong. True where its secret was a kept one: the server is asked for the present
  // one, and the proof looked at again, before `failure` is the client's.
  bool ask_again(Client& c, std::string_view failure, Instant now, Effects& out);

  // A looking client has been given a server.
  void ask(Server& s, Instant now, Effects& out);
  // Part of the answer, which is nobody's.
  static bool swallows(std::uint8_t type);
  void row(const Server& s);
  void answered(Server& s, Instant now, Effects& out);

  // A looking client has left; the key is what its login's `lookup` was.
  void left(ClientId id, const std::string& key, Instant now, Effects& out);
  // A looking client's server is gone. The next one is asked, once.
  void server_lost(Server& s, std::string_view reason, Instant now, Effects& out);

  void tick(Instant now) { kept_.drop_old(now); }
  void forget() { kept_.clear(); }

 private:
  // One user who is being asked for.
  struct Lookup {
    ClientId leader;                // in the pool that asks
    std::vector<ClientId> others;   // wait for the same answer
    bool between_leaders = false;
    int servers_lost = 0;
    std::optional<FoundUser> found;
    std::string problem;            // why there is no answer
  };
  struct Question {
    std::string_view database, asker, query;
  };

  Question question(const Client& c) const;
  void look_up(Client& c, Instant now, Effects& out);
  bool lead(Client& c, Instant now, Effects& out);
  void next_leader(const std::string& key, Instant now, Effects& out);
  void leave_pool(Client& c, Instant now);
  void end(const std::string& key, Instant now, Effects& out);
  void take(Client& c, const Lookup& answer, Instant now, Effects& out);
  void go_on(Client& c, Instant now, Effects& out);
  void judge_again(Client& c, Instant now, Effects& out);
  void refuse_config(Client& c, std::string_view why, Instant now, Effects& out);

  Engine& engine_;
  std::map<std::string, Lookup, std::less<>> running_;
  SecretCache kept_;
};

}  // namespace weir::session
