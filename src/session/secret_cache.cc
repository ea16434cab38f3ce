#include "session/secret_cache.h"

namespace weir::session {

const FoundUser* SecretCache::find(const std::string& key, Instant now) {
  const auto at = by_key_.find(key);
  if (at == by_key_.end() || now >= at->second->until) return nullptr;
  return &at->second->user;
}

void SecretCache::put(const std::string& key, FoundUser user, Instant until) {
  drop(key);
  if (entries_.size() >= kMost) erase(entries_.begin());
  by_key_[key] = entries_.insert(entries_.end(), {key, std::move(user), until});
}

void SecretCache::drop(const std::string& key) {
  if (const auto at = by_key_.find(key); at != by_key_.end()) erase(at->second);
}

void SecretCache::drop_old(Instant now) {
  while (!entries_.empty() && now >= entries_.front().until) erase(entries_.begin());
}

void SecretCache::clear() {
  while (!entries_.empty()) erase(entries_.begin());
}

void SecretCache::erase(Entries::iterator at) {
  auth::wipe(at->user.secret);
  by_key_.erase(at->key);
  entries_.erase(at);
}

}  // namespace weir::session
