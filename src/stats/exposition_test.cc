#include "stats/exposition.h"

#include <doctest/doctest.h>

#include <array>
#include <cmath>

using namespace weir::stats;
using enum ExpositionFormat;

namespace {

std::string text_of(ExpositionFormat format, auto... steps) {
  Exposition out(format);
  (steps(out), ...);
  return std::move(out).finish();
}

}  // namespace

TEST_CASE("a family has its help and type once, then its series") {
  const auto two = [](Exposition& out) {
    out.begin({"a_bytes", MetricType::Gauge, "Some bytes"});
    out.series({}, 7U);
    out.series(std::array{Label{"x", "1"}, Label{"y", ""}}, -3);
  };
  const std::string body =
      "# HELP a_bytes Some bytes\n# TYPE a_bytes gauge\na_bytes 7\na_bytes{x=\"1\",y=\"\"} -3\n";
  CHECK(text_of(Prometheus, two) == body);
  CHECK(text_of(OpenMetrics, two) == body + "# EOF\n");
}

TEST_CASE("OpenMetrics names a counter without _total, and its series with it") {
  const auto counter = [](Exposition& out) {
    out.begin({"a_total", MetricType::Counter, "A"});
    out.series({}, std::uint64_t{18446744073709551615U});
  };
  CHECK(text_of(Prometheus, counter) ==
        "# HELP a_total A\n# TYPE a_total counter\na_total 18446744073709551615\n");
  CHECK(text_of(OpenMetrics, counter) ==
        "# HELP a A\n# TYPE a counter\na_total 18446744073709551615\n# EOF\n");
}

TEST_CASE("what names and texts hold cannot leave its place") {
  const auto hostile = [](Exposition& out) {
    out.begin({"a", MetricType::Gauge, "back\\slash \"quoted\"\nnew line"});
    out.series(std::array{Label{"n", "a\"} 1\n\\"}}, 1);
    out.series(std::array{Label{"n", "\xc3\xa9 \xff\xc3"}}, 2);
  };
  const std::string series =
      "a{n=\"a\\\"} 1\\n\\\\\"} 1\n"
      "a{n=\"\xc3\xa9 \\\\xff\\\\xc3\"} 2\n";
  CHECK(text_of(Prometheus, hostile) ==
        "# HELP a back\\\\slash \"quoted\"\\nnew line\n# TYPE a gauge\n" + series);
  CHECK(text_of(OpenMetrics, hostile) ==
        "# HELP a back\\\\slash \\\"quoted\\\"\\nnew line\n# TYPE a gauge\n" + series + "# EOF\n");
}

TEST_CASE("a histogram's last bucket is everything") {
  const auto histogram = [](Exposition& out) {
    out.begin({"h_seconds", MetricType::Histogram, "H"});
    const std::array buckets{Bucket{0.001, 2}, Bucket{0.25, 2}, Bucket{1, 5}};
    out.histogram(std::array{Label{"db", "x"}}, buckets, 3.5, 6);
    out.histogram({}, {}, 0, 0);
  };
  CHECK(text_of(Prometheus, histogram) ==
        "# HELP h_seconds H\n# TYPE h_seconds histogram\n"
        "h_seconds_bucket{db=\"x\",le=\"0.001\"} 2\n"
        "h_seconds_bucket{db=\"x\",le=\"0.25\"} 2\n"
        "h_seconds_bucket{db=\"x\",le=\"1\"} 5\n"
        "h_seconds_bucket{db=\"x\",le=\"+Inf\"} 6\n"
        "h_seconds_sum{db=\"x\"} 3.5\n"
        "h_seconds_count{db=\"x\"} 6\n"
        "h_seconds_bucket{le=\"+Inf\"} 0\nh_seconds_sum 0\nh_seconds_count 0\n");
}

TEST_CASE("numbers come back as they were") {
  CHECK(metric_number(0.1) == "0.1");
  CHECK(metric_number(1e-6 * 1234567) == "1.234567");
  CHECK(metric_number(1e21) == "1e+21");
  CHECK(metric_number(HUGE_VAL) == "+Inf");
  CHECK(metric_number(-HUGE_VAL) == "-Inf");
  CHECK(metric_number(std::nan("")) == "NaN");
}

TEST_CASE("an untyped family keeps its name, and may have a counter's") {
  const auto untyped = [](Exposition& out) {
    out.begin({"a_total", MetricType::Untyped, "A"});
    out.series_text({}, "12");
  };
  CHECK(text_of(Prometheus, untyped) == "# HELP a_total A\n# TYPE a_total untyped\na_total 12\n");
  CHECK(text_of(OpenMetrics, untyped) ==
        "# HELP a_total A\n# TYPE a_total unknown\na_total 12\n# EOF\n");
}
