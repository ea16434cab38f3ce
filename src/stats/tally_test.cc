#include "stats/tally.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>

namespace weir::stats {

namespace {

// Every count that is not zero: name, labels and value.
std::string shown(const Tally& tally) {
  std::string out;
  for (const CountRow& row : rows(tally)) {
    if (row.value == 0) continue;
    out += fmt::format("{} ", row.name);
    for (const auto& [label, value] : row.labels)
      if (!label.empty()) out += fmt::format("{}={} ", label, value);
    out += fmt::format("{}; ", row.value);
  }
  return out;
}

}  // namespace

TEST_CASE("each count is shown under its own name") {
  Tally tally;
  ++tally.timeouts[Timeout::OwnQuery];
  ++tally.client_ends[ClientEnd::CancelRequest];
  ++tally.server_ends[ServerEnd::LoginRefused];
  tally.cancels[Cancel::Lost] = 3;
  ++tally.handshakes[Handshake::ServerFailed];
  ++tally.login_failures;
  tally.server_errors.count("23505");
  tally.pooler_errors.count("57014");
  CHECK(shown(tally) ==
        "cancels stage=lost 3; client_disconnects reason=cancel_request 1; "
        "errors source=server sqlstate=23505 1; errors source=pooler sqlstate=57014 1; "
        "login_failures 1; server_disconnects reason=login_refused 1; "
        "timeouts kind=own_query 1; tls_handshakes side=server result=failed 1; ");
}

TEST_CASE("no two rows have the same name and labels, and rows of a name are neighbours") {
  std::set<std::string> seen, ended;
  std::string last;
  for (const CountRow& row : rows(Tally())) {
    CHECK(seen.insert(fmt::format("{}/{}/{}", row.name, row.labels[0].second,
                                  row.labels[1].second)).second);
    if (row.name != last) CHECK(ended.insert(std::string(row.name)).second);
    last = row.name;
  }
}

TEST_CASE("the tallies of two workers add up") {
  Tally a, b;
  ++a.prepared[Prepared::Hit];
  ++b.prepared[Prepared::Hit];
  ++b.pins[Pin::Prepare];
  b.console.query_count = 4;
  b.server_errors.count("40001");
  a += b;
  CHECK(a.console.query_count == 4);
  CHECK(shown(a) == "errors source=server sqlstate=40001 1; pins reason=prepare 1; "
                    "prepared_statements event=hit 2; ");
}

}  // namespace weir::stats
