#include "net/syslog.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <syslog.h>
#include <unistd.h>

#include <string>

#include "net/test_sockets.h"

using namespace weir;
using namespace weir::net;
using weir::net::test::DatagramReader;

namespace {

std::string name(const char* what) { return fmt::format("@weir-syslog-{}-{}", what, ::getpid()); }

constexpr std::int64_t kMidnight = 1'795'392'000'000'000;  // some day's, in UTC

}  // namespace

TEST_CASE("a line for syslog has priority, time, name and process") {
  ::setenv("TZ", "UTC", 1);
  DatagramReader reader(name("line"));
  Syslog log;
  log.configure({.on = true, .ident = "pooler", .facility = LOG_LOCAL3, .path = name("line")});
  CHECK(log.send(LOG_WARNING, kMidnight, "C-0x1: db/user@unix:1 hello"));
  CHECK(reader.read() == fmt::format("<{}>Nov 23 00:00:00 pooler[{}]: C-0x1: db/user@unix:1 hello",
                                     LOG_LOCAL3 | LOG_WARNING, ::getpid()));
}

TEST_CASE("nobody reads, somebody comes, goes and comes again") {
  Syslog log;
  log.configure({.on = true, .ident = "x", .facility = LOG_DAEMON, .path = name("again")});
  CHECK_FALSE(log.send(LOG_INFO, kMidnight, "lost"));
  {
    const DatagramReader reader(name("again"));
    CHECK(log.send(LOG_INFO, kMidnight, "first"));
    CHECK(reader.read().ends_with(": first"));
  }
  const DatagramReader next(name("again"));
  CHECK(log.send(LOG_INFO, kMidnight, "second"));
  CHECK(next.read().ends_with(": second"));
}

TEST_CASE("a reader that does not read loses lines, and nobody waits for it") {
  const DatagramReader reader(name("stuck"));
  Syslog log;
  log.configure({.on = true, .ident = "x", .facility = LOG_DAEMON, .path = name("stuck")});
  bool lost = false;
  for (int i = 0; i < 100'000 && !lost; ++i) lost = !log.send(LOG_INFO, kMidnight, "more");
  CHECK(lost);
}
