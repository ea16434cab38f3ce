#include "pool/ledger.h"

#include <functional>

#include "base/check.h"

namespace weir::pool {

Ledger::Ledger(unsigned workers) : workers_(workers) {
  ASSERT(workers > 0 && workers <= kMaxWorkers);
}

Ledger::~Ledger() {
  free_all(pools_);
  free_all(databases_);
  free_all(users_);
}

template <typename Node>
void Ledger::free_all(std::array<std::atomic<Node*>, kBuckets>& buckets) {
  for (auto& head : buckets)
    for (Node* node = head.load(); node != nullptr;) node = std::unique_ptr<Node>(node)->next;
}

// Accounts are only ever added, so a reader needs no lock and a writer only to win the head.
template <typename Node, typename Same, typename Make>
Node& Ledger::find_or_add(std::atomic<Node*>& head, Same same, Make make) {
  std::unique_ptr<Node> fresh;
  while (true) {
    Node* first = head.load(std::memory_order_acquire);
    for (Node* node = first; node != nullptr; node = node->next)
      if (same(*node)) return *node;
    if (!fresh) fresh = make();
    fresh->next = first;
    if (head.compare_exchange_strong(first, fresh.get(), std::memory_order_acq_rel))
      return *fresh.release();
  }
}

namespace {

std::size_t bucket_of(std::string_view name) { return std::hash<std::string_view>{}(name); }

std::unique_ptr<Account> make_account(std::string_view name) {
  auto account = std::make_unique<Account>();
  account->name = name;
  return account;
}

}  // namespace

Account& Ledger::database(std::string_view name) {
  return find_or_add(
      databases_[bucket_of(name) % kBuckets], [name](const Account& a) { return a.name == name; },
      [name] { return make_account(name); });
}

Account& Ledger::user(std::string_view name) {
  return find_or_add(
      users_[bucket_of(name) % kBuckets], [name](const Account& a) { return a.name == name; },
      [name] { return make_account(name); });
}

PoolAccount& Ledger::pool(std::string_view database_name, std::string_view user_name) {
  Account& d = database(database_name);
  Account& u = user(user_name);
  return find_or_add(
      pools_[(bucket_of(database_name) * 31 + bucket_of(user_name)) % kBuckets],
      [&](const PoolAccount& p) { return &p.database == &d && &p.user == &u; },
      [&] { return std::make_unique<PoolAccount>(d, u, workers_); });
}

Ledger::Taken Ledger::take_server(PoolAccount& pool, int pool_limit, int db_limit,
                                  int user_limit) {
  if (pool_limit <= 0 || !pool.servers.take(pool_limit)) return Taken::PoolFull;
  if (!pool.database.servers.take(db_limit)) {
    pool.servers.give();
    return Taken::DatabaseFull;
  }
  if (!pool.user.servers.take(user_limit)) {
    pool.database.servers.give();
    pool.servers.give();
    return Taken::UserFull;
  }
  return Taken::Yes;
}

void Ledger::give_server(PoolAccount& pool) {
  pool.user.servers.give();
  pool.database.servers.give();
  pool.servers.give();
}

}  // namespace weir::pool
