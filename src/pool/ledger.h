// What the workers share: how many connections exist against the limits, and who has waited
// longest. Any thread may call anything; accounts live as long as the ledger. No locks, no I/O.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

#include "base/time.h"

namespace weir::pool {

inline constexpr unsigned kMaxWorkers = 64;
inline constexpr std::int64_t kNobodyWaits = std::numeric_limits<std::int64_t>::max();

// A count that never exceeds the limit it is taken against.
class Count {
 public:
  // Takes one if the count is below `limit`; a limit of 0 is none.
  bool take(int limit) {
    int seen = value_.load(std::memory_order_relaxed);
    while (limit <= 0 || seen < limit)
      if (value_.compare_exchange_weak(seen, seen + 1, std::memory_order_relaxed)) return true;
    return false;
  }
  void give() { value_.fetch_sub(1, std::memory_order_relaxed); }
  int value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int> value_{0};
};

// Connections of one database or of one user, over all pools.
struct Account {
  std::string name;
  Count servers;
  Count clients;
  std::atomic<bool> registered{false};  // of a database behind the entry *: the log has told of it
  Account* next = nullptr;
};

// What one worker shows the others about one pool. Each has a cache line of its own.
struct alignas(64) Desk {
  std::atomic<std::int64_t> oldest{kNobodyWaits};  // microseconds: since when its oldest waits
  std::atomic<int> waiting{0};
  std::atomic<int> idle{0};      // those that need a check first included
  std::atomic<int> incoming{0};  // servers on their way to this worker
};

// One pool (database, user) over all workers.
struct PoolAccount {
  PoolAccount(Account& d, Account& u, unsigned workers)
      : database(d), user(u), desks(std::make_unique<Desk[]>(workers)) {}

  Account& database;
  Account& user;
  Count servers;
  std::unique_ptr<Desk[]> desks;
  PoolAccount* next = nullptr;
};

class Ledger {
 public:
  explicit Ledger(unsigned workers);
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  // Found or opened; never closed.
  PoolAccount& pool(std::string_view database, std::string_view user);
  template <typename Visit>
  void for_each_pool(Visit visit) const {
    for (const auto& head : pools_)
      for (const PoolAccount* pool = head.load(std::memory_order_acquire); pool != nullptr;
           pool = pool->next)
        visit(*pool);
  }
  Account& database(std::string_view name);
  Account& user(std::string_view name);

  // Takes the right to open a server connection, or says which limit forbids it.
  enum class Taken { Yes, PoolFull, DatabaseFull, UserFull };
  static Taken take_server(PoolAccount& pool, int pool_limit, int db_limit, int user_limit);
  static void give_server(PoolAccount& pool);

  unsigned workers() const { return workers_; }
  // A connection's number in SHOW and in the log, in the order in which they come; never 0, and in
  // an int4 even after two thousand million of them.
  std::uint32_t next_number() {
    return connections_.fetch_add(1, std::memory_order_relaxed) % 0x7fffffff + 1;
  }
  Count clients;  // logged in or logging in, against max_client_conn
  // Grows when some client may have changed a schema: older prepared statements may not fit it.
  std::atomic<std::uint64_t> schema_epoch{0};

 private:
  static constexpr std::size_t kBuckets = 256;

  template <typename Node, typename Same, typename Make>
  static Node& find_or_add(std::atomic<Node*>& head, Same same, Make make);
  template <typename Node>
  static void free_all(std::array<std::atomic<Node*>, kBuckets>& buckets);

  unsigned workers_;
  std::atomic<std::uint32_t> connections_{0};
  std::array<std::atomic<PoolAccount*>, kBuckets> pools_{};
  std::array<std::atomic<Account*>, kBuckets> databases_{};
  std::array<std::atomic<Account*>, kBuckets> users_{};
};

}  // namespace weir::pool
