// The part of a client and of a server connection that the pool sees: its list, state and times.
#pragma once

#include "base/id.h"
#include "base/list.h"
#include "base/time.h"

namespace weir::pool {

class Pool;

// Every state is a list of the pool; Pool::move() is the only way between them.
enum class ServerState : std::uint8_t {
  Login,          // connecting or logging in
  Idle,           // ready for the next client
  Used,           // idle for so long that it must pass the check query first
  Tested,         // running the check query, a reset query or a clean-up, with no client
  Active,         // serves a client
  BeingCanceled,  // free, but a cancel request to it is still in flight
  Cancel,         // carries a cancel request
  Gone,           // in no list
};
inline constexpr std::size_t kServerLists = static_cast<std::size_t>(ServerState::Gone);

enum class ClientState : std::uint8_t {
  Login,    // not logged in yet
  Idle,     // logged in, needs no server
  Waiting,  // in the queue for a server
  Active,   // has a server
  Gone,     // in no list
};
inline constexpr std::size_t kClientLists = static_cast<std::size_t>(ClientState::Gone);

struct ServerSlot {
  explicit ServerSlot(ServerId the_id) : id(the_id) {}

  ServerId id;
  std::uint32_t number = 0;  // see Ledger::next_number()
  Link<ServerSlot> link;
  Pool* pool = nullptr;
  ServerState state = ServerState::Gone;
  bool close_needed = false;
  Instant since{};      // when it entered its state
  Instant connected{};  // when the connection was opened
};

struct ClientSlot {
  explicit ClientSlot(ClientId the_id) : id(the_id) {}

  ClientId id;
  std::uint32_t number = 0;  // see Ledger::next_number()
  Link<ClientSlot> link;
  Pool* pool = nullptr;
  ClientState state = ClientState::Gone;
  bool notified = false;  // has been told that it is queued
  Instant since{};        // when it entered its state
};

}  // namespace weir::pool
