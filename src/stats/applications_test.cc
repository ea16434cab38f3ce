#include "stats/applications.h"

#include <doctest/doctest.h>

#include <string>

namespace weir::stats {

TEST_CASE("a name is one application, wherever it is asked for") {
  Applications applications;
  applications.of("web", 2).query.record(5);
  applications.of("web", 2).query.record(6);
  CHECK(applications.all().size() == 1);
  CHECK(applications.all().at("web").query.count() == 2);
}

TEST_CASE("names beyond the limit are counted as other, known ones go on") {
  Applications applications;
  applications.of("a", 2).query.record(1);
  applications.of("b", 2).query.record(1);
  for (int i = 0; i < 1000; ++i) applications.of("x" + std::to_string(i), 2).query.record(1);
  applications.of("a", 2).query.record(1);
  CHECK(applications.all().size() == 3);
  CHECK(applications.all().at("a").query.count() == 2);
  CHECK(applications.all().at("other").query.count() == 1000);
}

TEST_CASE("without any names everything is other") {
  Applications applications;
  applications.of("a", 0).transaction.record(1);
  CHECK(applications.all().size() == 1);
  CHECK(applications.all().at("other").transaction.count() == 1);
}

TEST_CASE("a client that calls itself other does not make room for one more") {
  Applications applications;
  applications.of("other", 1);
  applications.of("a", 1);
  applications.of("b", 1);
  CHECK(applications.all().size() == 2);
  CHECK(applications.all().contains("a"));
}

TEST_CASE("what is no printable ASCII is a question mark, and names have an end") {
  Applications applications;
  applications.of("caf\xc3\xa9\n", 9);
  applications.of(std::string(1000, 'n'), 9);
  CHECK(applications.all().contains("caf???"));
  CHECK(applications.all().contains(std::string(63, 'n')));
}

}  // namespace weir::stats
