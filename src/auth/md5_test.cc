#include "auth/md5.h"

#include <doctest/doctest.h>

namespace weir::auth {

TEST_CASE("an MD5 secret is what PostgreSQL stores") {
  // md5('secret' || 'alice'), md5('' || 'bob')
  CHECK(*md5_secret("alice", "secret") == "md54a0a68b43b6cd5cf266fa02f196e2371");
  CHECK(*md5_secret("bob", "") == "md59f9d51bc70ef21ca5c14f307980a29d8");
}

TEST_CASE("an MD5 response matches its secret and salt only") {
  const std::uint8_t salt[] = {1, 2, 3, 4};
  const std::uint8_t other_salt[] = {1, 2, 3, 5};
  const auto secret = *md5_secret("alice", "secret");
  const auto response = *md5_response(secret, salt);
  CHECK(response == "md598a0412b9c31436fc53776e863350083");
  CHECK(md5_matches(secret, salt, response));
  CHECK_FALSE(md5_matches(secret, other_salt, response));
  CHECK_FALSE(md5_matches(*md5_secret("alice", "Secret"), salt, response));
  CHECK_FALSE(md5_matches(*md5_secret("alicf", "secret"), salt, response));
  CHECK_FALSE(md5_matches(secret, salt, ""));
  for (std::size_t i = 0; i < response.size(); ++i) {
    auto changed = response;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    CHECK_FALSE(md5_matches(secret, salt, changed));
    CHECK_FALSE(md5_matches(secret, salt, response.substr(0, i)));
  }
}

}  // namespace weir::auth
