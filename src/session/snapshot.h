// What the console, metrics and page show of one worker at one moment: values only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "pool/limits.h"
#include "stats/applications.h"
#include "stats/tally.h"
#include "stats/timings.h"

namespace weir::session {

struct PoolRow {
  std::string database, user;
  std::uint64_t cl_active = 0, cl_waiting = 0, cl_active_cancel_req = 0, cl_waiting_cancel_req = 0;
  std::uint64_t sv_active = 0, sv_active_cancel = 0, sv_being_canceled = 0, sv_idle = 0,
                sv_used = 0, sv_tested = 0, sv_login = 0;
  std::int64_t maxwait_us = 0;
  pool::Mode mode = pool::Mode::Session;
  bool paused = false;
  bool failing = false;  // nobody can connect, and somebody has wanted to in the last minute
  stats::Counters counters = {};
  stats::Timings timings = {};  // only where they were asked for: see Engine::add_timings()
};

// A row of SHOW CLIENTS or SHOW SERVERS.
struct SocketRow {
  char type = 'C';  // C or S
  std::string user, database;
  std::string_view replication = "none";
  std::string state;  // PgBouncer's names: active, idle, waiting, used, tested, new, ...
  std::string address, local_address;
  std::uint16_t port = 0, local_port = 0;
  Instant connected{}, request{};
  std::int64_t wait_us = 0;
  bool close_needed = false;
  std::uint64_t id = 0, link = 0;  // pool::Ledger::next_number(); link 0: none
  std::uint32_t slot = 0;          // of its side, on its worker
  int descriptor = -1;             // filled in by who has it
  std::uint32_t remote_pid = 0;
  std::string tls = {};  // TLSv1.3/TLS_AES_256_GCM_SHA384/ECDH=X25519, empty in the clear
  std::string application_name;
  std::uint64_t prepared_statements = 0;
};

// Of the cancel requests that are passed on to one peer.
struct PeerPoolRow {
  int id = 0;
  std::uint64_t cl_active_cancel_req = 0, cl_waiting_cancel_req = 0;
  std::uint64_t sv_active_cancel = 0, sv_login = 0;
};

// What a worker keeps of one kind of objects: bytes of one, how many, and bytes of all.
struct MemoryRow {
  std::string_view name;  // PgBouncer's for the nearest that it has
  std::uint64_t size = 0, used = 0, free = 0, total = 0;
};

// Clients that have all of this in common; `state` is as in SocketRow.
struct ClientGroup {
  std::string database, user, application_name;
  std::string_view state;
  std::uint64_t clients = 0;
};

// What the worker itself has to do, rather than its clients.
struct WorkerFigures {
  unsigned index = 0;
  std::int64_t reply_us = 0;  // from the question until all of this was there
  std::uint64_t turns = 0;    // of its loop, since the start
  std::uint64_t cpu_us = 0;   // of its thread, since the start
  std::uint64_t mailbox = 0;  // messages that it found beside the one that asked for this
};

struct Snapshot {
  Instant now{};  // the same clock as the rows' times
  std::vector<PoolRow> pools;
  bool with_sockets = true;  // whether clients and servers have their rows; they are always counted
  std::vector<SocketRow> clients, servers;
  std::uint64_t client_count = 0, server_count = 0;
  std::uint64_t console_count = 0;         // of the clients, those of the console
  std::vector<std::string> client_users;   // as clients named themselves, each once
  std::vector<ClientGroup> client_groups;  // only without rows
  std::vector<PeerPoolRow> peer_pools;
  std::uint64_t login_clients = 0;
  std::vector<MemoryRow> memory;
  WorkerFigures worker;  // filled in by who has it
  stats::Tally tally;
  stats::Applications applications;  // as the pools' timings
  std::size_t timed = 0;             // pools, from the first, that have their timings
};

}  // namespace weir::session
