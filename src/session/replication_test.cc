#include "session/replication.h"

#include <doctest/doctest.h>

using weir::session::read_replication;
using weir::session::Replicates;

TEST_CASE("replication is a boolean as PostgreSQL spells it, or the word database") {
  for (const auto* yes : {"1", "t", "tr", "true", "TRUE", "y", "Yes", "on", "ON"}) {
    CAPTURE(yes);
    CHECK(read_replication(yes) == Replicates::Physical);
  }
  for (const auto* no : {"", "0", "f", "false", "False", "n", "no", "of", "off", "OFF"}) {
    CAPTURE(no);
    CHECK(read_replication(no) == Replicates::No);
  }
  CHECK(read_replication("database") == Replicates::Logical);
  for (const auto* bad : {"o", "2", "truely", "yess", "DATABASE", "data", "10", " true"}) {
    CAPTURE(bad);
    CHECK_FALSE(read_replication(bad));
  }
}
