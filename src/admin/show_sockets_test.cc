#include <doctest/doctest.h>

#include "admin/test_view.h"

namespace weir::admin {

using Rows = std::vector<std::string>;

namespace {

const std::string kColumns =
    "type:25 user:25 database:25 replication:25 state:25 addr:25 port:23 local_addr:25 "
    "local_port:23 connect_time:25 request_time:25 wait:23 wait_us:23 close_needed:23 ptr:25 "
    "link:25 remote_pid:23 tls:25 application_name:25 prepared_statements:23 id:23";

TestPooler one_query() {
  TestPooler pooler;
  auto& client = pooler.add_client(0, "d", "u", "active");
  client.port = 5000;
  client.local_port = 6432;
  client.wait_us = 3'000'200;
  client.id = 16;
  client.link = 17;
  client.prepared_statements = 2;
  client.tls = "TLSv1.3/X";
  auto& server = pooler.add_server(0, "d", "u", "active");
  server.port = 5432;
  server.local_port = 4000;
  server.id = 17;
  server.link = 16;
  server.remote_pid = 4711;
  server.close_needed = true;
  return pooler;
}

}  // namespace

TEST_CASE("SHOW CLIENTS and SERVERS show each side of a connection") {
  const TestPooler pooler = one_query();
  Answer answer = pooler.ask("show clients");
  CHECK(answer.columns == kColumns);
  CHECK(answer.rows ==
        Rows{"C|u|d|none|active|10.0.0.9|5000|10.0.0.1|6432|2026-11-23 08:45:15 UTC|"
             "2026-11-23 08:46:15 UTC|3|200|0|0x10|0x11|0|TLSv1.3/X|psql|2|16"});
  answer = pooler.ask("show servers");
  CHECK(answer.columns == kColumns);
  CHECK(answer.rows ==
        Rows{"S|u|d|none|active|10.0.0.5|5432|10.0.0.1|4000|2026-11-23 08:45:15 UTC|"
             "2026-11-23 08:46:15 UTC|0|0|1|0x11|0x10|4711|||0|17"});
}

TEST_CASE("clients of all workers are shown, those before their login only as sockets") {
  TestPooler pooler;
  pooler.add_client(0, "d", "u", "idle");
  pooler.add_client(1, "d", "v", "login");
  pooler.add_client(1, "", "", "login");
  const Answer answer = pooler.ask("show clients");
  REQUIRE(answer.rows.size() == 2);
  CHECK(answer.rows[0].starts_with("C|u|d|none|idle|"));
  CHECK(answer.rows[1].starts_with("C|v|d|none|waiting|"));
}

TEST_CASE("SHOW SOCKETS names the lists, and no positions in buffers") {
  TestPooler pooler;
  for (const auto* state : {"active", "idle", "waiting"}) pooler.add_client(0, "d", "u", state);
  pooler.add_client(1, "", "", "login");
  for (const auto* state : {"active", "idle", "used", "tested", "new", "active_cancel"})
    pooler.add_server(1, "d", "u", state);

  const Answer answer = pooler.ask("show sockets");
  CHECK(answer.columns == kColumns +
                              " recv_pos:23 pkt_pos:23 pkt_remain:23 send_pos:23 send_remain:23 "
                              "pkt_avail:23 send_avail:23");
  const Rows starts{"C|u|d|none|cl_active|",  "C|u|d|none|cl_active|", "C|u|d|none|cl_waiting|",
                    "C|||none|cl_login|",     "S|u|d|none|sv_active|", "S|u|d|none|sv_idle|",
                    "S|u|d|none|sv_used|",    "S|u|d|none|sv_tested|", "S|u|d|none|sv_login|",
                    "S|u|d|none|sv_active_cancel|"};
  REQUIRE(answer.rows.size() == starts.size());
  for (std::size_t i = 0; i < starts.size(); ++i) {
    CHECK(answer.rows[i].starts_with(starts[i]));
    CHECK(answer.rows[i].ends_with("|0|0|0|0|0|0|0|0"));
  }
  CHECK(pooler.ask("show active_sockets").rows.size() == 7);
}

TEST_CASE("SHOW FDS joins both sides by their descriptors, and hides secrets") {
  TestPooler pooler = one_query();
  pooler.workers[0].clients[0].descriptor = 30;
  pooler.workers[0].servers[0].descriptor = 31;
  const Answer answer = pooler.ask("show fds");
  CHECK(answer.columns ==
        "fd:23 task:25 user:25 database:25 addr:25 port:23 cancel:20 link:23 client_encoding:25 "
        "std_strings:25 datestyle:25 timezone:25 password:25 scram_client_key:25 "
        "scram_server_key:25");
  CHECK(answer.rows ==
        Rows{"30|client|u|d|10.0.0.9|5000|NULL|31|NULL|NULL|NULL|NULL|NULL|NULL|NULL",
             "31|server|u|d|10.0.0.5|5432|NULL|30|NULL|NULL|NULL|NULL|NULL|NULL|NULL"});
}

}  // namespace weir::admin
