#include "watch/views.h"

#include <doctest/doctest.h>

#include "watch/test_sample.h"

using namespace weir::watch;
using namespace std::chrono_literals;

namespace {

// The cell under that title.
const Cell& cell(const Table& table, const Line& line, std::string_view title) {
  for (std::size_t i = 0; i < table.columns.size(); ++i)
    if (table.columns[i].title == title) return line.cells[i];
  FAIL("no column " << std::string(title));
  return line.cells[0];
}

}  // namespace

TEST_CASE("every line of every view has a cell for each column") {
  const Sample sample = test_sample();
  for (const View view : kViews) {
    const Table table = table_of(view, sample, &sample);
    CHECK(table.lines.size() == 2);
    for (const Line& line : table.lines) CHECK(line.cells.size() == table.columns.size());
  }
}

TEST_CASE("pools: what is there against their size, which the user's goes before the database's") {
  const Sample sample = test_sample();
  const Table table = pools_table(sample);
  const Line &app = table.lines[0], &shop = table.lines[1];
  CHECK(cell(table, app, "SIZE").text == "20");
  CHECK(cell(table, app, "USE").text == "10%");
  CHECK(cell(table, app, "LONGEST").text == "-");
  CHECK(app.mark == Mark::None);
  CHECK(cell(table, shop, "SIZE").text == "4");
  CHECK(cell(table, shop, "USE").text == "50%");
  CHECK(cell(table, shop, "LONGEST").text == "1.5 s");
  CHECK(cell(table, shop, "MODE").text == "session");
  CHECK(shop.mark == Mark::Alarm);
}

TEST_CASE("databases: rates and means of the time between two samples") {
  const Sample before = test_sample();
  Sample now = test_sample();
  now.at = before.at + 2s;
  now.totals[0] = {{"database", "app"},         {"xact_count", "300"},   {"query_count", "600"},
                   {"query_time", "300000"},    {"xact_time", "700000"}, {"wait_time", "1000"},
                   {"bytes_received", "25000"}, {"bytes_sent", "5000"}};
  const Table table = databases_table(now, &before);
  const Line &app = table.lines[0], &shop = table.lines[1];
  CHECK(cell(table, app, "TX/S").value == 100);
  CHECK(cell(table, app, "QUERIES/S").text == "200");
  CHECK(cell(table, app, "QUERY").text == "0.50 ms");
  CHECK(cell(table, app, "TX").text == "2.00 ms");
  CHECK(cell(table, app, "WAIT").text == "-");
  CHECK(cell(table, app, "IN/S").text == "10.0 kB");
  CHECK(cell(table, app, "OUT/S").text == "0 B");  // its counter began anew
  CHECK(cell(table, app, "SERVER").text == "10.0.0.5:5432/app_db");
  CHECK(app.mark == Mark::None);
  CHECK(cell(table, shop, "TX/S").text == "0");
  CHECK(cell(table, shop, "STATE").text == "paused");
  CHECK(shop.mark == Mark::Warning);
}

TEST_CASE("databases: one that is new, or a first sample, has no rate") {
  Sample before = test_sample();
  before.totals.clear();
  Sample now = test_sample();
  now.at = before.at + 2s;
  const Sample* none = nullptr;
  for (const Sample* earlier : {none, static_cast<const Sample*>(&before)}) {
    const Table table = databases_table(now, earlier);
    CHECK(cell(table, table.lines[0], "TX/S").value == 0);
    CHECK(cell(table, table.lines[0], "QUERY").text == "-");
  }
}

TEST_CASE("databases: at the limit of connections") {
  Sample sample = test_sample();
  sample.databases[1]["paused"] = "0";
  CHECK(databases_table(sample, nullptr).lines[1].mark == Mark::Warning);
  sample.databases[1]["max_connections"] = "3";
  CHECK(databases_table(sample, nullptr).lines[1].mark == Mark::None);
  sample.databases[1]["disabled"] = "1";
  CHECK(databases_table(sample, nullptr).lines[1].mark == Mark::Warning);
}

TEST_CASE("clients and servers name each other") {
  const Sample sample = test_sample();
  const Table clients = clients_table(sample), servers = servers_table(sample);
  CHECK(cell(clients, clients.lines[0], "SERVER PID").text == "777");
  CHECK(cell(clients, clients.lines[1], "SERVER PID").text == "-");
  CHECK(cell(servers, servers.lines[0], "PID").value == 777);
  CHECK(cell(servers, servers.lines[0], "CLIENT").text == "10.1.1.1:40000");
  CHECK(cell(servers, servers.lines[1], "CLIENT").text == "");
  CHECK(servers.lines[1].mark == Mark::Warning);
}

TEST_CASE("clients: what strangers call themselves is made harmless, times are short") {
  const Sample sample = test_sample();
  const Table table = clients_table(sample);
  const Line &ann = table.lines[0], &carol = table.lines[1];
  CHECK(cell(table, ann, "APPLICATION").text == "web?[2J");
  CHECK(cell(table, ann, "REQUEST").text == "12:34:55");
  CHECK(cell(table, ann, "CONNECTED").text == "2026-11-22");
  CHECK(cell(table, carol, "ADDRESS").text == "[::1]:40001");
  CHECK(cell(table, carol, "WAIT").text == "0.50 ms");
  CHECK(carol.mark == Mark::Warning);
}

TEST_CASE("a client belongs to the pool of the user that its database forces") {
  const Sample sample = test_sample();
  Table table = clients_table(sample);
  restrict_to(table, {"shop", "bob"});
  REQUIRE(table.lines.size() == 1);
  CHECK(cell(table, table.lines[0], "USER").text == "carol");
}

TEST_CASE("a scope without a user is a whole database, an empty one is everything") {
  Table table = servers_table(test_sample());
  restrict_to(table, {});
  CHECK(table.lines.size() == 2);
  restrict_to(table, {"app", ""});
  REQUIRE(table.lines.size() == 1);
  CHECK(table.lines[0].database == "app");
}

TEST_CASE("what a pooler does not show is nothing, not an error") {
  Sample old;
  old.pools = {{{"database", "app"}, {"user", "ann"}}};
  old.databases = {{{"name", "app"}}};
  old.clients = {{{"database", "app"}}};
  for (const View view : kViews)
    for (const Line& line : table_of(view, old, nullptr).lines) CHECK(line.mark == Mark::None);
  const Table pools = pools_table(old);
  CHECK(cell(pools, pools.lines[0], "USE").text == "-");
}
