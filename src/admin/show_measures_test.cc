#include <doctest/doctest.h>

#include <algorithm>

#include "admin/refusal.h"
#include "admin/test_view.h"

namespace weir::admin {

using Rows = std::vector<std::string>;

TEST_CASE("SHOW HISTOGRAMS adds the workers' histograms of a pool and of an application") {
  TestPooler pooler;
  using stats::Timing;
  auto& one = pooler.add_pool(0, "d", "u").timings;
  auto& two = pooler.add_pool(1, "d", "u").timings;
  for (int i = 0; i < 99; ++i) one.record(Timing::Wait, Duration(10));
  two.record(Timing::Wait, Duration(1'000'000));
  two.record(Timing::ClientIdle, Duration(0));
  pooler.workers[0].applications.of("web", 9).query.record(20);
  pooler.workers[1].applications.of("web", 9).query.record(30);
  pooler.workers[1].applications.of("job", 9).transaction.record(5);
  const Answer answer = pooler.ask("show histograms");
  CHECK(answer.columns ==
        "name:25 database:25 user:25 application:25 count:20 mean_us:20 p50_us:20 p90_us:20 "
        "p99_us:20 p999_us:20 max_us:20");
  CHECK(answer.rows == Rows{"wait|d|u|NULL|100|10009|10|10|10|999423|1000000",
                            "client_idle|d|u|NULL|1|0|0|0|0|0|0",
                            "transaction|NULL|NULL|job|1|5|5|5|5|5|5",
                            "query|NULL|NULL|web|2|25|20|30|30|30|30"});
}

TEST_CASE("SHOW COUNTERS adds what the workers have counted") {
  TestPooler pooler;
  pooler.workers[0].tally.timeouts[stats::Timeout::Query] = 2;
  pooler.workers[1].tally.timeouts[stats::Timeout::Query] = 3;
  pooler.workers[1].tally.server_errors.count("23505");
  const Answer answer = pooler.ask("show counters");
  CHECK(answer.columns == "name:25 labels:25 value:20");
  const auto has = [&answer](const char* row) {
    return std::ranges::find(answer.rows, row) != answer.rows.end();
  };
  CHECK(has("timeouts|kind=\"query_timeout\"|5"));
  CHECK(has("errors|source=\"server\",sqlstate=\"23505\"|1"));
  CHECK(has("login_failures||0"));
}

TEST_CASE("where everything is as in PgBouncer, there is no such thing") {
  TestPooler pooler;
  const Command histograms = parse_command("show histograms"), pools = parse_command("show pools");
  CHECK(refusal(histograms, pooler.view(), false).empty());
  pooler.config.weir.strict = true;
  CHECK(refusal(histograms, pooler.view(), true) ==
        "invalid command 'SHOW HISTOGRAMS', use SHOW HELP;");
  CHECK(refusal(pools, pooler.view(), false).empty());
  CHECK(pooler.ask("show help").detail.find("HISTOGRAMS") == std::string::npos);
}

}  // namespace weir::admin
