#include "http/access.h"

#include <doctest/doctest.h>

#include "auth/base64.h"

using namespace weir;
using namespace weir::http;

namespace {

Access access_for(const std::string& token = "") {
  auto config = std::make_shared<config::Config>();
  config->weir.http_token = token;
  config->settings.stats_users = {"watch", "nopass", "unlisted"};
  config->settings.admin_users = {"boss"};
  config->settings.auth_type = auth::AuthType::Any;  // makes no administrators here
  config->auth_users.set("watch", auth::parse_secret("see all"));
  config->auth_users.set("nopass", auth::parse_secret(""));
  config->auth_users.set("alice", auth::parse_secret("alice"));
  config->auth_users.set("boss", auth::parse_secret(auth::format(
                                     auth::derive_scram_secret("s:e:c", "salt", 10))));
  return {.config = std::move(config), .tls = nullptr};
}

bool basic(std::string_view pair) {
  return access_for().allows("Basic " + auth::base64_encode(as_bytes(pair)));
}

}  // namespace

TEST_CASE("loopback is open unless there is a token") {
  CHECK(access_for().is_open(true));
  CHECK_FALSE(access_for().is_open(false));
  CHECK_FALSE(access_for("t").is_open(true));
  CHECK_FALSE(access_for("t").is_open(false));
}

TEST_CASE("users of the console prove themselves by their password") {
  CHECK(basic("watch:see all"));
  CHECK(basic("boss:s:e:c"));
  for (const char* wrong : {"watch:see al", "watch:", "watch", "", ":", "boss:s:e", "alice:alice",
                            "nopass:", "unlisted:", "nobody:x", "watch:see all:"})
    CHECK_FALSE_MESSAGE(basic(wrong), std::string(wrong));
  CHECK_FALSE(basic(std::string_view("watch:see all\0", 14)));
  CHECK_FALSE(basic(std::string_view("watch:see all\0x", 15)));
}

TEST_CASE("a header that is no proof is none") {
  const Access access = access_for();
  const std::string right = auth::base64_encode(as_bytes("watch:see all"));
  CHECK(access.allows("basic  " + right));
  const std::vector<std::string> headers{"", right, "Basic" + right, "Bearer " + right,
                                         "Basic " + right + " ", "Basic", "Basic ", "Bearer"};
  for (const std::string& header : headers)
    CHECK_FALSE_MESSAGE(access.allows(header), header);
  CHECK(access.challenge().starts_with("Basic "));
}

TEST_CASE("where there is a token, it alone counts") {
  const Access access = access_for("to ken");
  CHECK(access.allows("Bearer to ken"));
  CHECK(access.allows("bearer to ken"));
  for (const char* header : {"Bearer to ke", "Bearer to ken ", "Bearer", "Bearer ", "", "to ken",
                             "Basic d2F0Y2g6c2VlIGFsbA=="})
    CHECK_FALSE_MESSAGE(access.allows(header), header);
  CHECK(access.challenge() == "Bearer");
}
