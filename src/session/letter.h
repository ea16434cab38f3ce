// What workers send each other. A letter is a value: it holds no pointer into its sender.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "session/server.h"
#include "wire/startup.h"

namespace weir::session {

// A server connection on its way to another worker, all but its descriptor.
struct ServerParcel {
  wire::Parameters settings = {};
  wire::Parameters base = {};
  wire::Parameters reported = {};
  std::vector<std::uint64_t> statements = {};
  std::uint32_t number = 0;
  std::uint32_t pid = 0;
  std::string cancel_key = {};
  Endpoint endpoint = {};
  Instant connected{};
  bool close_needed = false;
  std::string local_address = {};
  std::uint16_t local_port = 0;
  std::string tls = {};  // its description, empty in the clear
  std::uint64_t epoch = 0;
  std::vector<std::uint64_t> stale = {};
  bool unnamed = false;  // it holds somebody's unnamed statement
};

struct Letter {
  enum class Kind : std::uint8_t {
    WantServer,  // the sender has a client waiting and believes we have an idle server
    Parcel,      // a server connection (its descriptor travels with the letter)
    Evict,       // close an idle server of `database` (or of `user`) in another pool
    GivePlace,   // close an idle server of this pool; its place is the sender's
    Place,       // it is yours: a server may be opened that counts already
    Cancel,      // a cancel request for one of our clients
    CancelDone,  // the cancel that the sender's client asked for is over
    Welcome,     // what a server said at login with these settings: other workers need not ask
    Pause, Resume, Reconnect, Kill, Shutdown,  // console commands; `database` empty: all
    Disable, Enable,                           // the same, always with a database
    WaitClose,                                 // until no server has to be closed any more
    KillClient,                                // `client_number`; the answer says `found`
    Done,        // answer to one of those: `token`
  };

  Kind kind = Kind::WantServer;
  unsigned from = 0;
  std::string database = {};
  std::string user = {};
  ServerParcel parcel = {};
  std::uint64_t cancel_key = 0;
  std::string cancel_rest = {};  // the part of a long cancel key behind the first 8 bytes
  ClientId client = {};
  std::uint64_t token = 0;
  std::uint64_t client_number = 0;
  bool found = false;
  bool wait_for_clients = false;  // Shutdown: until the last client has left
};

}  // namespace weir::session
