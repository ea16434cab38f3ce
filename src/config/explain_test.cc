#include "config/explain.h"

#include <doctest/doctest.h>

using namespace weir::config;

namespace {

Config config_with_users(int users) {
  Config config;
  for (int i = 0; i < users; ++i)
    config.auth_users.set("user" + std::to_string(i), weir::auth::parse_secret("secret"));
  return config;
}

Database& add(Config& config, const std::string& name) {
  Database& db = config.databases[name];
  db.name = db.dbname = name;
  db.hosts = {"10.0.0.5"};
  return db;
}

bool says(const std::string& text, std::string_view line) {
  return ("\n" + text).find("\n" + std::string(line)) != std::string::npos;
}

}  // namespace

TEST_CASE("a configuration in words") {
  Config config = config_with_users(2);
  config.settings.listen_addr = {"127.0.0.1"};
  Database& shop = add(config, "shop");
  shop.pool_size = 5;
  shop.reserve_pool_size = 2;
  shop.pool_mode = PoolMode::Transaction;
  add(config, "stock").user = "clerk";
  config.fallback.emplace();
  config.fallback->name = "*";
  config.fallback->max_db_connections = 7;
  const std::string text = explain(config);
  CHECK(says(text, "listens on 127.0.0.1:6432\n"));
  CHECK(says(text, "listens on /tmp/.s.PGSQL.6432\n"));
  CHECK(says(text, "logs clients in by auth_type md5; 2 users in auth_file; at most 100 "
                   "clients\n"));
  CHECK(says(text, "database shop -> shop at 10.0.0.5:5432, transaction mode, up to 5 connections "
                   "for each user and 2 in reserve\n"));
  CHECK(says(text, "database stock -> stock at 10.0.0.5:5432, session mode, up to 20 connections "
                   "for user clerk\n"));
  CHECK(says(text, "database * -> the same name at /tmp/.s.PGSQL.5432, session mode, up to 20 "
                   "connections for each user, 7 in all\n"));
  CHECK(says(text, "server 10.0.0.5:5432 may get 34 connections\n"));  // 2 * (5 + 2) + 20
  CHECK(says(text, "server /tmp/.s.PGSQL.5432 may get 7 connections\n"));
}

TEST_CASE("more connections than a server usually has") {
  Config config = config_with_users(5);
  add(config, "shop");
  CHECK(says(explain(config), "server 10.0.0.5:5432 may get 100 connections, more than the 97"));
  config.databases["shop"].max_db_connections = 97;
  CHECK(says(explain(config), "server 10.0.0.5:5432 may get 97 connections\n"));
}

TEST_CASE("what is out of date") {
  Config config;
  CHECK(explain(config).find("hint") == std::string::npos);
  config.auth_users.set("old", weir::auth::parse_secret("md5" + std::string(32, '0')));
  config.settings.auth_type = weir::auth::AuthType::Plain;
  CHECK(says(explain(config), "hint: 1 of the users have an MD5 secret"));
  CHECK(says(explain(config), "hint: auth_type plain protects nothing on a network"));
  config.weir.strict = true;
  CHECK(says(explain(config), "strict: behaves as PgBouncer 1.26.1"));
}
