// Clients and servers that move to another process: those at rest leave this engine as values, and
// what comes from a predecessor gets its place here. Pure, like the Engine, which it belongs to.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "session/engine.h"

namespace weir::session {

// A name that a client has for a prepared statement.
struct NamedStatement {
  std::string name = {};
  std::string definition = {};  // these two: see StatementTable::intern()
  std::string scope = {};
  Shape told = kUnknownShape;   // what it knows of the result
};

// A logged-in client on its way, all but its descriptor.
struct ClientParcel {
  std::string database = {};
  std::string user = {};  // as it named itself
  bool protocol32 = false;
  std::uint64_t cancel_key = 0;
  std::string cancel_rest = {};
  Peer peer = {};
  Instant connected{};
  wire::Parameters startup = {};
  wire::Parameters settings = {};
  std::vector<NamedStatement> statements = {};
  std::string unnamed = {};  // the definition of its unnamed statement
  std::string unsent = {};   // what it has not taken yet of what was sent to it
};

struct TravellingServer {
  std::string database = {};
  std::string user = {};
  std::string dbname = {};  // what it is connected to
  std::uint32_t worker = 0;  // where its clients are, too
  ServerParcel parcel = {};
};

// What a worker has learnt about a pool: how to log in to its servers in the name of its clients,
// and what they say to whom at a login.
struct PoolKnowledge {
  std::string database = {};
  std::string user = {};
  std::optional<auth::ScramKeys> keys = {};
  std::string password = {};
  std::string secret = {};  // that auth_query has found
  std::vector<std::pair<wire::Parameters, wire::Parameters>> welcomes = {};  // settings, reports
};

class Takeover {
 public:
  explicit Takeover(Engine& engine) : engine_(engine) {}

  // --- Leaving ---
  // Those that may be at rest. Pools whose clients stay keep servers that were used just now.
  std::vector<Connection> resting(Instant now);
  // Where it is at rest: it is forgotten here, and its descriptor is the caller's. A server's place
  // in the ledger is still taken: whoever tells the successor gives it back.
  std::optional<ClientParcel> depart(ClientId id);
  std::optional<TravellingServer> depart(ServerId id, Instant now);
  std::vector<PoolKnowledge> knowledge() const;

  // --- Arriving: the id that the connection has from now on; invalid: it must be closed. ---
  ClientId arrive(const ClientParcel& parcel, Instant now, Effects& out);
  // It has its place in the ledger already.
  ServerId arrive(const TravellingServer& travelling, Instant now, Effects& out);
  void learn(const PoolKnowledge& knowledge, Instant now, Effects& out);

  // The worker whose clients have keys like this one's, so that cancel requests find it.
  static unsigned home(const ClientParcel& parcel, unsigned workers);

 private:
  bool is_wanted(const TravellingServer& travelling) const;

  Engine& engine_;
};

}  // namespace weir::session
