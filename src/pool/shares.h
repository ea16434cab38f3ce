// What two processes tell each other of their pools' connections while one takes over from the
// other: each counts them in a ledger of its own, and the limits are to hold over both. Pure.
#pragma once

#include <unordered_map>

#include "pool/ledger.h"

namespace weir::pool {

// In the process that leaves: how many connections of each pool the successor knows of.
class ToldShares {
 public:
  // What it has to be told now; 0: nothing. It is taken as told.
  int change(const PoolAccount& pool);
  // A connection that it knows of goes over to it, and counts here no more.
  void gone_over(PoolAccount& pool);

 private:
  std::unordered_map<const PoolAccount*, int> told_;
};

// In its successor: the connections that the other one still has, which count here too.
class HeardShares {
 public:
  void heard(PoolAccount& pool, int change);
  // One of them has come over. It stays counted, as ours.
  void came_over(PoolAccount& pool) { --shares_[&pool]; }
  // The other process has ended, and all that it had is gone.
  void forget();
  int of(PoolAccount& pool) const;

 private:
  static void count(PoolAccount& pool, int change);

  std::unordered_map<PoolAccount*, int> shares_;
};

}  // namespace weir::pool
