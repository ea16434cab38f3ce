#include "admin/refusal.h"

#include <doctest/doctest.h>

#include "admin/test_view.h"

namespace weir::admin {

namespace {

struct Console : TestPooler {
  bool administrator = true;

  Console() { add_database("p0"); }
  std::string refused(std::string_view text) const {
    return refusal(parse_command(text), view(), administrator);
  }
};

}  // namespace

TEST_CASE("an administrator's commands on known databases go through") {
  Console console;
  for (const auto* text : {"pause", "pause p0", "kill", "kill p0", "disable p0", "enable p0",
                           "reconnect", "wait_close", "wait_close p0", "reload", "shutdown",
                           "kill_client 5", "set verbose=1", "show pools"}) {
    CAPTURE(text);
    CHECK(console.refused(text).empty());
  }
}

TEST_CASE("those who may only look are told so before anything else") {
  Console console;
  console.administrator = false;
  for (const auto* text : {"pause", "pause nosuch", "disable", "disable pgbouncer", "reload",
                           "set nosuch=1", "kill_client", "show fds"}) {
    CAPTURE(text);
    CHECK(console.refused(text) == "admin access needed");
  }
  CHECK(console.refused("show clients").empty());
  CHECK(console.refused("set client_encoding=x").empty());
  CHECK(console.refused("bad") == "invalid command 'bad', use SHOW HELP;");
}

TEST_CASE("names must be known, and not the console's") {
  Console console;
  CHECK(console.refused("pause nosuch") == "no such database: nosuch");
  CHECK(console.refused("resume P0") == "no such database: P0");
  CHECK(console.refused("disable") == "a database is required");
  CHECK(console.refused("enable") == "a database is required");
  for (const std::string verb : {"pause", "kill", "reconnect", "disable", "enable"})
    CHECK(console.refused(verb + " pgbouncer") == "cannot " + verb + " admin db: pgbouncer");
  CHECK(console.refused("wait_close pgbouncer") == "cannot wait in admin db: pgbouncer");
  CHECK(console.refused("resume pgbouncer") == "database pgbouncer is not paused");
  CHECK(console.refused("kill_client abc") == "invalid client pointer supplied");

  console.config.fallback.emplace();
  CHECK(console.refused("pause nosuch").empty());
}

TEST_CASE("pausing twice as a whole, and resuming what runs, is refused") {
  Console console;
  CHECK(console.refused("resume") == "pooler is not paused");
  CHECK(console.refused("resume p0") == "database p0 is not paused");

  console.paused = {"p0"};
  CHECK(console.refused("resume") == "pooler is not paused");
  CHECK(console.refused("resume p0").empty());
  CHECK(console.refused("pause p0").empty());
  CHECK(console.refused("kill p0").empty());

  console.all_paused = true;
  for (const auto* text : {"pause", "pause p0", "pause nosuch", "pause pgbouncer", "kill"})
    CHECK(console.refused(text) == "already paused");
  CHECK(console.refused("resume").empty());
  console.shutting_down = true;
  CHECK(console.refused("resume") == "pooler is shutting down");
}

}  // namespace weir::admin
