#include "session/secret_cache.h"

#include <doctest/doctest.h>

using namespace weir;
using session::FoundUser;
using session::SecretCache;

namespace {

Instant at(int second) { return Instant{std::chrono::seconds(second)}; }

FoundUser user(std::string_view secret) { return {"u", auth::parse_secret(secret)}; }

}  // namespace

TEST_CASE("a secret is found until its time is over") {
  SecretCache cache;
  CHECK(cache.find("k", at(0)) == nullptr);
  cache.put("k", user("one"), at(10));
  REQUIRE(cache.find("k", at(9)) != nullptr);
  CHECK(cache.find("k", at(9))->secret.text == "one");
  CHECK(cache.find("other", at(9)) == nullptr);
  CHECK(cache.find("k", at(10)) == nullptr);
  cache.drop_old(at(10));
  CHECK(cache.size() == 0);
}

TEST_CASE("a newer secret takes the place of the older, also in age") {
  SecretCache cache;
  cache.put("k", user("one"), at(10));
  cache.put("other", user("x"), at(11));
  cache.put("k", user("two"), at(12));
  CHECK(cache.size() == 2);
  CHECK(cache.find("k", at(1))->secret.text == "two");
  cache.drop_old(at(11));
  CHECK(cache.size() == 1);
  CHECK(cache.find("k", at(11)) != nullptr);
  cache.drop("k");
  cache.drop("k");
  CHECK(cache.find("k", at(11)) == nullptr);
}

TEST_CASE("it holds no more than its bound: the oldest goes") {
  SecretCache cache;
  for (std::size_t i = 0; i < SecretCache::kMost + 3; ++i)
    cache.put(std::to_string(i), user("x"), at(10));
  CHECK(cache.size() == SecretCache::kMost);
  CHECK(cache.find("2", at(0)) == nullptr);
  CHECK(cache.find("3", at(0)) != nullptr);
  cache.clear();
  CHECK(cache.size() == 0);
}
