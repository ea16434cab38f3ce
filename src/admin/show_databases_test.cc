#include <doctest/doctest.h>

#include "admin/test_view.h"

namespace weir::admin {

using Rows = std::vector<std::string>;

TEST_CASE("SHOW DATABASES shows the configuration, sorted, and the console") {
  TestPooler pooler;
  auto& p0 = pooler.add_database("p0");
  p0.hosts = {"127.0.0.1"};
  p0.port = 59999;
  p0.dbname = "pg";
  p0.user = "bob";
  p0.pool_size = 3;
  auto& p1 = pooler.add_database("p1");
  p1.hosts = {"127.0.0.1", "127.0.0.2"};
  auto& sock = pooler.add_database("sock");
  sock.dbname = "x";
  sock.pool_mode = config::PoolMode::Transaction;
  sock.server_lifetime = std::chrono::seconds(40);
  pooler.paused = {"p1"};
  pooler.disabled = {"sock"};

  const Answer answer = pooler.ask("show databases");
  CHECK(answer.columns ==
        "name:25 host:25 port:23 database:25 force_user:25 pool_size:23 min_pool_size:23 "
        "reserve_pool_size:23 server_lifetime:23 pool_mode:25 load_balance_hosts:25 "
        "max_connections:23 current_connections:23 max_client_connections:23 "
        "current_client_connections:23 paused:23 disabled:23");
  CHECK(answer.rows ==
        Rows{"p0|127.0.0.1|59999|pg|bob|3|0|0|3600|NULL|NULL|0|0|0|0|0|0",
             "p1|127.0.0.1,127.0.0.2|5432|p1|NULL|20|0|0|3600|NULL|round-robin|0|0|0|0|1|0",
             "pgbouncer|NULL|6432|pgbouncer|pgbouncer|2|0|0|3600|statement|NULL|0|0|0|0|0|0",
             "sock|NULL|5432|x|NULL|20|0|0|40|transaction|NULL|0|0|0|0|0|1"});
}

TEST_CASE("connections are counted over all workers, also of databases behind '*'") {
  TestPooler pooler;
  pooler.config.fallback.emplace();
  pooler.add_pool(0, "auto", "u");
  for (const std::size_t worker : {0U, 1U}) {
    pooler.add_client(worker, "auto", "u", "active");
    pooler.add_client(worker, "pgbouncer", "adm", "active");
    pooler.add_server(worker, "auto", "u", "idle");
  }
  pooler.add_server(0, "auto", "u", "active");
  CHECK(pooler.ask("show databases").rows ==
        Rows{"auto|NULL|5432|auto|NULL|20|0|0|3600|NULL|NULL|0|3|0|2|0|0",
             "pgbouncer|NULL|6432|pgbouncer|pgbouncer|2|0|0|3600|statement|NULL|0|0|0|2|0|0"});
  pooler.config.fallback.reset();
  CHECK(pooler.ask("show databases").rows.size() == 1);
}

TEST_CASE("SHOW USERS pads sizes as PgBouncer does, and leaves them empty where unset") {
  TestPooler pooler;
  config::User& carol = pooler.config.users["carol"];
  carol.pool_size = 7;
  carol.pool_mode = config::PoolMode::Session;
  carol.max_user_connections = 9;
  pooler.config.auth_users.set("bob", auth::parse_secret("x"));
  pooler.config.settings.max_user_client_connections = 4;
  pooler.add_pool(0, "d", "forced");
  pooler.add_client(0, "d", "bob", "active");
  pooler.add_server(0, "d", "forced", "active");

  const Answer answer = pooler.ask("show users");
  CHECK(answer.columns ==
        "name:25 pool_size:25 reserve_pool_size:25 pool_mode:25 max_user_connections:23 "
        "current_connections:23 max_user_client_connections:23 current_client_connections:23");
  CHECK(answer.rows == Rows{"bob|||NULL|0|0|4|1", "carol|        7||session|9|0|4|0",
                            "forced|||NULL|0|1|4|0", "pgbouncer|||NULL|0|0|4|0"});
}

TEST_CASE("SHOW PEERS shows the configuration, SHOW PEER_POOLS the peers that were needed") {
  TestPooler pooler;
  pooler.config.peers[1].hosts = {"127.0.0.1"};
  pooler.config.peers[2] = {.id = 2, .hosts = {"h2"}, .port = 7000, .pool_size = 4};
  Answer answer = pooler.ask("show peers");
  CHECK(answer.columns == "peer_id:23 host:25 port:23 pool_size:23");
  CHECK(answer.rows == Rows{"1|127.0.0.1|6432|20", "2|h2|7000|4"});
  answer = pooler.ask("show peer_pools");
  CHECK(answer.columns ==
        "peer_id:23 cl_active_cancel_req:23 cl_waiting_cancel_req:23 sv_active_cancel:23 "
        "sv_login:23");
  CHECK(answer.rows.empty());
  pooler.workers[0].peer_pools = {{.id = 1, .cl_active_cancel_req = 2, .sv_active_cancel = 2}};
  pooler.workers[1].peer_pools = {
      {.id = 1, .cl_active_cancel_req = 1, .cl_waiting_cancel_req = 5, .sv_login = 1}};
  CHECK(pooler.ask("show peer_pools").rows == Rows{"1|3|5|2|1"});
}

}  // namespace weir::admin
