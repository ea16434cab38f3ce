// Secrets that auth_query has found, each kept for a while, the oldest given up where there are
// too many. Pure; wiped as they go. One per worker.
#pragma once

#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "auth/secret.h"
#include "base/time.h"

namespace weir::session {

// What the query said of a user: its name, which may be spelled otherwise there, and secret.
struct FoundUser {
  std::string name;
  auth::Secret secret;
};

class SecretCache {
 public:
  static constexpr std::size_t kMost = 4096;

  ~SecretCache() { clear(); }

  // Until the next call; null where there is none, or none that is fresh.
  const FoundUser* find(const std::string& key, Instant now);
  void put(const std::string& key, FoundUser user, Instant until);
  void drop(const std::string& key);
  void drop_old(Instant now);
  void clear();
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string key;
    FoundUser user;
    Instant until;
  };
  using Entries = std::list<Entry>;

  void erase(Entries::iterator at);

  Entries entries_;  // the oldest first
  std::unordered_map<std::string, Entries::iterator> by_key_;
};

}  // namespace weir::session
