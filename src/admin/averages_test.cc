#include "admin/averages.h"

#include <doctest/doctest.h>

namespace weir::admin {

namespace {

using stats::Counters;
using std::chrono::seconds;

const Instant kStart{Duration(5'000'000)};

Counters busy(std::uint64_t times) {
  Counters c;
  c.xact_count = 100 * times;
  c.query_count = 200 * times;
  c.server_assignment_count = 50 * times;
  c.received = 6'000 * times;
  c.sent = 12'000 * times;
  c.xact_time = 100'000 * times;
  c.query_time = 50'000 * times;
  c.wait_time = 5'000 * times;
  c.client_login_count = 20 * times;
  return c;
}

}  // namespace

TEST_CASE("counts are per second, times per transaction, query and assignment") {
  Averages averages(kStart);
  const Counters avg = averages.of("d", busy(1), kStart + seconds(10));
  CHECK(avg.xact_count == 10);
  CHECK(avg.query_count == 20);
  CHECK(avg.server_assignment_count == 5);
  CHECK(avg.received == 600);
  CHECK(avg.sent == 1'200);
  CHECK(avg.xact_time == 1'000);
  CHECK(avg.query_time == 250);
  CHECK(avg.wait_time == 100);
  CHECK(avg.client_login_count == 2);
}

TEST_CASE("nothing happened, or no time passed: all zero") {
  Averages averages(kStart);
  CHECK(averages.of("d", Counters{}, kStart + seconds(10)) == Counters{});
  CHECK(averages.of("d", busy(1), kStart) == Counters{});
}

TEST_CASE("the window reaches back to the sample before the last") {
  Averages averages(kStart);
  averages.sample(kStart + seconds(60), {{"d", busy(1)}});
  CHECK(averages.of("d", busy(1), kStart + seconds(70)).sent == 12'000 / 70);
  averages.sample(kStart + seconds(120), {{"d", busy(2)}});
  CHECK(averages.of("d", busy(3), kStart + seconds(130)).sent == 24'000 / 70);
  averages.sample(kStart + seconds(180), {{"d", busy(3)}});
  CHECK(averages.of("d", busy(3), kStart + seconds(180)).sent == 12'000 / 60);
  averages.sample(kStart + seconds(240), {{"d", busy(3)}});
  CHECK(averages.of("d", busy(3), kStart + seconds(240)) == Counters{});
}

TEST_CASE("a database that is new, or whose counters began again, counts from zero") {
  Averages averages(kStart);
  averages.sample(kStart + seconds(10), {{"d", busy(5)}});
  averages.sample(kStart + seconds(20), {{"d", busy(5)}});
  CHECK(averages.of("new", busy(1), kStart + seconds(20)).xact_count == 10);
  CHECK(averages.of("d", busy(1), kStart + seconds(20)).xact_count == 10);
}

TEST_CASE("the total weighs every database, and no window overflows it") {
  Averages averages(kStart);
  Counters slow;
  slow.xact_count = 100;
  slow.xact_time = 300'000;
  const Counters avg = averages.total({{"a", busy(1)}, {"b", slow}}, kStart + seconds(10));
  CHECK(avg.xact_count == 20);
  CHECK(avg.xact_time == 2'000);

  Counters huge;
  huge.sent = 1'000'000'000'000'000'000;
  CHECK(averages.total({{"a", huge}}, kStart + seconds(100)).sent == 10'000'000'000'000'000);
}

TEST_CASE("the line of figures in the log") {
  Averages averages(kStart);
  CHECK(stats_line(averages.total({{"d", busy(1)}}, kStart + seconds(10))) ==
        "stats: 10 xacts/s, 20 queries/s, 0 client parses/s, 0 server parses/s, 0 binds/s, "
        "2 client logins/s, in 600 B/s, out 1200 B/s, xact 1000 us, query 250 us, wait 100 us");
}

}  // namespace weir::admin
