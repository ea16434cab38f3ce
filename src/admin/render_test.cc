#include "admin/render.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "admin/test_view.h"

namespace weir::admin {

using Rows = std::vector<std::string>;

TEST_CASE("an answer is a description, rows, SHOW and ReadyForQuery") {
  const Answer answer = TestPooler().ask("show state");
  CHECK(answer.order == "TDDCZ");
  CHECK(answer.tag == "SHOW");
}

TEST_CASE("SHOW VERSION and STATE") {
  TestPooler pooler;
  Answer answer = pooler.ask("SELECT version");
  CHECK(answer.columns == "version:25");
  CHECK(answer.rows == Rows{"PgBouncer 1.26.1 (Weir 0.1.0)"});
  answer = pooler.ask("show state");
  CHECK(answer.columns == "key:25 value:25");
  CHECK(answer.rows == Rows{"active|yes", "paused|no"});
  pooler.all_paused = true;
  CHECK(pooler.ask("show state").rows == Rows{"active|no", "paused|yes"});
}

TEST_CASE("drivers' probes are answered") {
  const TestPooler pooler;
  const Answer answer = pooler.ask("SHOW Client_Encoding");
  CHECK(answer.columns == "client_encoding:25");
  CHECK(answer.rows == Rows{"UTF-8"});
  CHECK(pooler.ask("show datestyle").rows == Rows{"ISO"});
  CHECK(pooler.ask("show timezone").rows == Rows{"GMT"});
  CHECK(pooler.ask("show default_transaction_isolation").rows == Rows{"read committed"});
  CHECK(pooler.ask("show standard_conforming_strings").rows == Rows{"on"});
  CHECK(pooler.ask("show extra_float_digits").rows == Rows{"2"});
}

TEST_CASE("SHOW HELP is a notice, and names what PgBouncer 1.26 has") {
  const Answer answer = TestPooler().ask("show help");
  CHECK(answer.order == "NCZ");
  CHECK(answer.notice == "Console usage");
  CHECK(answer.detail.starts_with("\n\tSHOW HELP|CONFIG|DATABASES|POOLS"));
  CHECK(answer.detail.ends_with("\n\tWAIT_CLOSE [<db>]"));
  CHECK(answer.detail.find("FDS") == std::string::npos);
}

TEST_CASE("the columns of an answer without its rows") {
  const TestPooler pooler;
  const auto described = [&pooler](std::string_view text) {
    wire::Buffer out;
    append_description(parse_command(text), pooler.view(), out);
    return out;
  };
  wire::Buffer whole;
  render_show(parse_command("show state"), pooler.view(), whole);
  const wire::Buffer columns = described("show state");
  CHECK(columns[0] == 'T');
  CHECK(columns.size() < whole.size());
  CHECK(std::equal(columns.begin(), columns.end(), whole.begin()));
  CHECK(described("show help") == wire::Buffer{'n', 0, 0, 0, 4});
  CHECK(described("pause") == wire::Buffer{'n', 0, 0, 0, 4});
}

TEST_CASE("SHOW DNS_HOSTS shows the resolver's cache; no zones are watched") {
  TestPooler pooler;
  pooler.hosts = {{.name = "db", .ttl_s = 12, .addresses = "10.0.0.1,10.0.0.2"},
                  {.name = "gone", .ttl_s = 3, .addresses = ""}};
  Answer answer = pooler.ask("show dns_hosts");
  CHECK(answer.columns == "hostname:25 ttl:20 addrs:25");
  CHECK(answer.rows == Rows{"db|12|10.0.0.1,10.0.0.2", "gone|3|"});
  answer = pooler.ask("show dns_zones");
  CHECK(answer.columns == "zonename:25 serial:20 count:23");
  CHECK(answer.rows.empty());
}

TEST_CASE("SHOW MEM adds the workers and has PgBouncer's rows") {
  TestPooler pooler;
  pooler.add_database("a");
  pooler.workers[0].memory = {{.name = "client_cache", .size = 8, .used = 2, .free = 1,
                               .total = 24}};
  pooler.workers[1].memory = {{.name = "client_cache", .size = 8, .used = 1, .free = 0,
                               .total = 5'000'000'000}};
  const Answer answer = pooler.ask("show mem");
  CHECK(answer.columns == "name:25 size:23 used:23 free:23 memtotal:23");
  CHECK(answer.rows.size() == 12);
  CHECK(answer.rows[0].starts_with("user_cache|"));
  CHECK(answer.rows[8] == "client_cache|8|3|1|2147483647");
  CHECK(answer.rows[11] == "server_prepared_statement_cache|0|0|0|0");
}

TEST_CASE("answers to commands") {
  wire::Buffer out;
  append_done(out, "PAUSE");
  CHECK(read_answer(out).order == "CZ");
  CHECK(read_answer(out).tag == "PAUSE");
  out.clear();
  append_set_ignored(out);
  CHECK(read_answer(out).order == "NCZ");
  CHECK(read_answer(out).notice == "SET ignored");
  CHECK(read_answer(out).tag == "SET");
  out.clear();
  append_refused(out, "already paused");
  CHECK(read_answer(out).error == "already paused");
  CHECK(read_answer(out).sqlstate == "08P01");
  out.clear();
  append_refused(out, "RELOAD failed, see logs for additional details", "F0000");
  CHECK(read_answer(out).sqlstate == "F0000");
}

TEST_CASE("SHOW CONFIG tells NULL from empty, and what a reload changes") {
  TestPooler pooler;
  pooler.config.settings.default_pool_size = 7;
  const Answer answer = pooler.ask("show config");
  CHECK(answer.columns == "key:25 value:25 default:25 changeable:25");
  const auto has = [&answer](std::string_view row) {
    return std::ranges::find(answer.rows, row) != answer.rows.end();
  };
  CHECK(has("default_pool_size|7|20|yes"));
  CHECK(has("auth_user|NULL|NULL|yes"));
  CHECK(has("listen_addr|||no"));
}

TEST_CASE("SHOW LISTS counts what there is") {
  TestPooler pooler;
  pooler.add_database("a");
  pooler.config.peers[1] = {};
  pooler.config.users["bob"] = {};
  pooler.add_pool(0, "a", "bob");
  pooler.add_pool(1, "a", "bob");
  pooler.add_client(0, "a", "bob", "active");
  pooler.add_client(1, "a", "eve", "idle");
  pooler.add_client(1, "", "", "login");
  pooler.workers[1].login_clients = 1;
  pooler.add_server(1, "a", "bob", "idle");
  pooler.workers[0].memory = {{.name = "client_cache", .free = 5}};
  pooler.workers[1].memory = {{.name = "client_cache", .free = 6},
                              {.name = "server_cache", .free = 7}};
  pooler.hosts = {{.name = "db", .addresses = "10.0.0.1"}};
  const Answer answer = pooler.ask("show lists");
  CHECK(answer.columns == "list:25 items:23");
  CHECK(answer.rows == Rows{"databases|2", "users|3", "peers|1", "pools|2", "peer_pools|0",
                            "free_clients|11", "used_clients|2", "login_clients|1",
                            "free_servers|7", "used_servers|1", "dns_names|1", "dns_zones|0",
                            "dns_queries|0", "dns_pending|0"});
}

}  // namespace weir::admin
