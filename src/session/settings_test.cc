#include "session/settings.h"

#include <doctest/doctest.h>

using namespace weir;
using session::inquiry_sql;
using session::Settings;
using session::SettingsRef;
using session::SettingsTable;
using session::transition_sql;

TEST_CASE("equal sets are one object, however they were written") {
  SettingsTable table;
  const SettingsRef a = table.intern({{"TimeZone", "UTC"}, {"work_mem", "4MB"}});
  const SettingsRef b =
      table.intern({{"work_mem", "1MB"}, {"timezone", "UTC"}, {"WORK_MEM", "4MB"}});
  CHECK(a == b);
  CHECK(!(a == table.intern({{"timezone", "UTC"}})));
  CHECK(!(a == table.intern({})));
}

TEST_CASE("a time limit is undone before anything else") {
  SettingsTable table;
  const auto sql = [&table](const weir::wire::Parameters& from, const weir::wire::Parameters& to) {
    return transition_sql(*table.intern(from), *table.intern(to));
  };
  const weir::wire::Parameters limited = {{"role", "r"}, {"statement_timeout", "1ms"}};
  CHECK(sql(limited, {}) == "RESET \"statement_timeout\";RESET \"role\";");
  CHECK(sql({{"statement_timeout", "1ms"}}, {{"statement_timeout", "2s"}}) ==
        "RESET \"statement_timeout\";"
        "SELECT pg_catalog.set_config(E'statement_timeout',E'2s',false)");
  CHECK(sql(limited, {{"statement_timeout", "1ms"}}) == "RESET \"role\";");
}

TEST_CASE("what connect_query has set lies under every client's settings") {
  SettingsTable table;
  const SettingsRef none = table.intern({});
  const SettingsRef base = table.intern({{"work_mem", "8MB"}, {"app.x", "1"}});
  const SettingsRef client = table.intern({{"work_mem", "1MB"}});
  CHECK(combine(none, client) == client);
  CHECK(combine(base, none) == base);
  CHECK(combine(base, client) == table.intern({{"app.x", "1"}, {"work_mem", "1MB"}}));
}

TEST_CASE("what a session has is not the client's where it is from connect_query") {
  SettingsTable table;
  const SettingsRef none = table.intern({});
  const SettingsRef base = table.intern({{"work_mem", "8MB"}, {"app.x", "1"}});
  const weir::wire::Parameters found = {{"app.x", "1"}, {"timezone", "UTC"}, {"work_mem", "1MB"}};
  CHECK(beyond(*none, *none, found) == found);
  CHECK(beyond(*base, *none, found) ==
        weir::wire::Parameters{{"timezone", "UTC"}, {"work_mem", "1MB"}});
  // A client that wished for another value and now has the base's has set it.
  const SettingsRef startup = table.intern({{"app.x", "2"}});
  CHECK(beyond(*base, *startup, found) == found);
}

TEST_CASE("a client that gives up the role of its startup packet has none") {
  SettingsTable table;
  const SettingsRef none = table.intern({});
  const SettingsRef startup = table.intern({{"role", "weak"}});
  const weir::wire::Parameters found = {{"work_mem", "1MB"}};
  CHECK(beyond(*none, *startup, found) ==
        weir::wire::Parameters{{"role", "none"}, {"work_mem", "1MB"}});
  CHECK(beyond(*none, *startup, {{"role", "weak"}}) == weir::wire::Parameters{{"role", "weak"}});
}

TEST_CASE("a set lives as long as somebody refers to it") {
  SettingsTable table;
  {
    const SettingsRef first = table.intern({{"a", "1"}});
    SettingsRef second = first;
    SettingsRef third = std::move(second);
    CHECK(table.size() == 1);
    third = table.intern({{"a", "2"}});
    CHECK(table.size() == 2);
  }
  CHECK(table.size() == 0);
}

TEST_CASE("names and values that run together stay apart") {
  SettingsTable table;
  CHECK(!(table.intern({{"ab", "c"}}) == table.intern({{"a", "bc"}})));
}

TEST_CASE("an overlay wins, and the base stays under it") {
  const wire::Parameters base = {{"a", "1"}, {"b", "2"}};
  CHECK(session::overlay(base, {{"B", "3"}, {"c", "4"}}) ==
        wire::Parameters{{"a", "1"}, {"b", "3"}, {"c", "4"}});
}

TEST_CASE("the way from one set to another names only what differs") {
  SettingsTable table;
  const SettingsRef none = table.intern({});
  const SettingsRef one = table.intern({{"a", "1"}, {"b", "it's"}});
  const SettingsRef two = table.intern({{"a", "1"}, {"app.user", "\\"}});
  CHECK(transition_sql(*one, *one).empty());
  CHECK(transition_sql(*none, *one) ==
        "SELECT pg_catalog.set_config(E'a',E'1',false),pg_catalog.set_config(E'b',E'it''s',false)");
  const std::string back = transition_sql(*two, *none);
  CHECK(back.find("SELECT") == std::string::npos);
  CHECK(back.find("RESET") != std::string::npos);
  const std::string across = transition_sql(*one, *two);
  CHECK(across.find("E'a'") == std::string::npos);  // the same in both
  CHECK(across.find("RESET") < across.find("SELECT"));
  CHECK(across.find("E'app.user'") != std::string::npos);
}

TEST_CASE("who the session is, is undone first and set last") {
  SettingsTable table;
  const SettingsRef from = table.intern({{"role", "a"}, {"work_mem", "1"}});
  const SettingsRef to =
      table.intern({{"role", "b"}, {"session_authorization", "c"}, {"work_mem", "2"}});
  CHECK(from->identity);
  CHECK(!table.intern({{"work_mem", "1"}})->identity);
  const std::string sql = transition_sql(*from, *to);
  const auto reset = sql.find("RESET"), work = sql.find("work_mem"),
             authorization = sql.find("session_authorization"), role = sql.rfind("role");
  CHECK(reset < work);
  CHECK(work < authorization);
  CHECK(authorization < role);
}

TEST_CASE("an inquiry asks for custom names one by one") {
  const std::string sql = inquiry_sql("o'neil", {"app.user"});
  CHECK(sql.find("E'o''neil'") != std::string::npos);
  CHECK(sql.find("E'app.user'") != std::string::npos);
  CHECK(sql.find("E'role'") != std::string::npos);
}
