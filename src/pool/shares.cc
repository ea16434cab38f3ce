#include "pool/shares.h"

#include <limits>
#include <utility>

namespace weir::pool {

int ToldShares::change(const PoolAccount& pool) {
  int& told = told_[&pool];
  return pool.servers.value() - std::exchange(told, pool.servers.value());
}

void ToldShares::gone_over(PoolAccount& pool) {
  Ledger::give_server(pool);
  --told_[&pool];
}

void HeardShares::heard(PoolAccount& pool, int change) {
  count(pool, change);
  shares_[&pool] += change;
}

void HeardShares::forget() {
  for (const auto& [pool, left] : std::exchange(shares_, {})) count(*pool, -left);
}

int HeardShares::of(PoolAccount& pool) const {
  const auto found = shares_.find(&pool);
  return found == shares_.end() ? 0 : found->second;
}

// They exist, whatever the limits here.
void HeardShares::count(PoolAccount& pool, int change) {
  constexpr int kNoLimit = std::numeric_limits<int>::max();
  for (int i = 0; i < change; ++i) (void)Ledger::take_server(pool, kNoLimit, 0, 0);
  for (int i = change; i < 0; ++i) Ledger::give_server(pool);
}

}  // namespace weir::pool
