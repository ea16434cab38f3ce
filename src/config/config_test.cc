#include "config/config.h"

#include <doctest/doctest.h>

using namespace weir;
using namespace weir::config;
using namespace std::chrono_literals;

namespace {

Config sample() {
  Config config;
  config.databases["x"].dbname = "x";
  config.databases["y"].dbname = "yy";
  config.databases["y"].pool_size = 7;
  config.users["bob"].pool_size = 3;
  return config;
}

}  // namespace

TEST_CASE("a database is found by name, else the fallback serves it") {
  Config config = sample();
  CHECK(config.find_database("x") == &config.databases.at("x"));
  CHECK(config.find_database("z") == nullptr);
  config.fallback.emplace();
  CHECK(config.find_database("x") == &config.databases.at("x"));
  REQUIRE(config.find_database("z") == &*config.fallback);
  CHECK(config.find_database(std::string(63, 'z')) == &*config.fallback);
  CHECK(config.find_database(std::string(64, 'z')) == nullptr);
  CHECK(Config::server_dbname(*config.fallback, "z") == "z");
  config.fallback->dbname = "all";
  CHECK(Config::server_dbname(*config.fallback, "z") == "all");
  CHECK(Config::server_dbname(config.databases.at("y"), "y") == "yy");
}

TEST_CASE("the user's word is first, then the database's, then [pgbouncer]'s") {
  Config config = sample();
  const Database& x = config.databases.at("x");
  Database& y = config.databases.at("y");
  CHECK(config.pool_size(x, "al") == 20);
  CHECK(config.pool_size(y, "al") == 7);
  CHECK(config.pool_size(y, "bob") == 3);
  CHECK(config.pool_size(x, "bob") == 3);

  y.pool_mode = PoolMode::Transaction;
  CHECK(config.pool_mode(x, "bob") == PoolMode::Session);
  CHECK(config.pool_mode(y, "bob") == PoolMode::Transaction);
  config.users["bob"].pool_mode = PoolMode::Statement;
  CHECK(config.pool_mode(y, "bob") == PoolMode::Statement);

  y.reserve_pool_size = 2;
  config.users["bob"].reserve_pool_size = 0;
  CHECK(config.reserve_pool_size(y, "al") == 2);
  CHECK(config.reserve_pool_size(y, "bob") == 0);

  y.query_wait_timeout = 0s;
  config.users["bob"].query_wait_timeout = 5s;
  CHECK(config.query_wait_timeout(x, "al") == 120s);
  CHECK(config.query_wait_timeout(y, "al") == 0s);
  CHECK(config.query_wait_timeout(y, "bob") == 5s);
}

TEST_CASE("min_pool_size is never above the pool's size") {
  Config config = sample();
  config.settings.min_pool_size = 5;
  const Database& x = config.databases.at("x");
  CHECK(config.min_pool_size(x, "al") == 5);
  CHECK(config.min_pool_size(x, "bob") == 3);
  config.databases["y"].min_pool_size = 6;
  CHECK(config.min_pool_size(config.databases["y"], "al") == 6);
}

TEST_CASE("limits and times of databases") {
  Config config = sample();
  Database& y = config.databases.at("y");
  CHECK(config.max_db_connections(y) == 0);
  CHECK(config.max_db_client_connections(y) == 0);
  CHECK(config.server_lifetime(y) == 1h);
  y.max_db_connections = 4;
  y.max_db_client_connections = 5;
  y.server_lifetime = 6s;
  CHECK(config.max_db_connections(y) == 4);
  CHECK(config.max_db_client_connections(y) == 5);
  CHECK(config.server_lifetime(y) == 6s);
}

TEST_CASE("limits and times of users") {
  Config config = sample();
  config.settings.query_timeout = 1s;
  config.settings.idle_transaction_timeout = 2s;
  config.settings.transaction_timeout = 3s;
  config.settings.client_idle_timeout = 4s;
  config.settings.max_user_connections = 5;
  config.settings.max_user_client_connections = 6;
  for (const auto* user : {"al", "bob"}) {
    CHECK(config.query_timeout(user) == 1s);
    CHECK(config.idle_transaction_timeout(user) == 2s);
    CHECK(config.transaction_timeout(user) == 3s);
    CHECK(config.client_idle_timeout(user) == 4s);
    CHECK(config.max_user_connections(user) == 5);
    CHECK(config.max_user_client_connections(user) == 6);
  }
  User& bob = config.users["bob"];
  bob.query_timeout = 11s;
  bob.idle_transaction_timeout = 12s;
  bob.transaction_timeout = 13s;
  bob.client_idle_timeout = 14s;
  bob.max_user_connections = 15;
  bob.max_user_client_connections = 16;
  CHECK(config.query_timeout("bob") == 11s);
  CHECK(config.idle_transaction_timeout("bob") == 12s);
  CHECK(config.transaction_timeout("bob") == 13s);
  CHECK(config.client_idle_timeout("bob") == 14s);
  CHECK(config.max_user_connections("bob") == 15);
  CHECK(config.max_user_client_connections("bob") == 16);
  CHECK(config.query_timeout("al") == 1s);
}

TEST_CASE("administrators and readers of the console") {
  Config config;
  config.settings.admin_users = {"root"};
  config.settings.stats_users = {"mon"};
  CHECK(config.is_admin("root"));
  CHECK_FALSE(config.is_admin("mon"));
  CHECK(config.is_stats("mon"));
  CHECK_FALSE(config.is_stats("al"));
  config.settings.auth_type = auth::AuthType::Any;
  CHECK_FALSE(config.is_admin("al"));
  CHECK(config.is_stats("al"));
}
