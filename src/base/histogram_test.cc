#include "base/histogram.h"

#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <vector>

using weir::Histogram;

namespace {

// Durations of every order of magnitude, as many short as long ones.
std::vector<std::uint64_t> durations(std::mt19937_64& random, std::size_t count) {
  std::vector<std::uint64_t> out(count);
  for (std::uint64_t& us : out) us = random() >> (32 + random() % 32);
  return out;
}

Histogram histogram_of(const std::vector<std::uint64_t>& values) {
  Histogram h;
  for (const std::uint64_t us : values) h.record(us);
  return h;
}

// The value of that rank among all, found by sorting.
std::uint64_t naive_percentile(std::vector<std::uint64_t> values, double share) {
  std::ranges::sort(values);
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
  return values[std::max<std::size_t>(rank, 1) - 1];
}

void check_same(const Histogram& a, const Histogram& b) {
  CHECK(a.count() == b.count());
  CHECK(a.sum() == b.sum());
  CHECK(a.longest() == b.longest());
  for (std::size_t i = 0; i < Histogram::kBuckets; ++i)
    REQUIRE(a.below(Histogram::lowest(i)) == b.below(Histogram::lowest(i)));
}

constexpr double kShares[] = {0, 0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1};

}  // namespace

TEST_CASE("an empty histogram says 0 to everything") {
  const Histogram h;
  CHECK(h.count() == 0);
  CHECK(h.mean() == 0);
  CHECK(h.longest() == 0);
  CHECK(h.percentile(0.99) == 0);
  CHECK(h.below(1024) == 0);
  CHECK(h.bytes() == 0);
}

TEST_CASE("buckets follow each other without a gap, and none is wider than a sixteenth") {
  for (std::size_t i = 0; i + 1 < Histogram::kBuckets; ++i) {
    const std::uint64_t low = Histogram::lowest(i), next = Histogram::lowest(i + 1);
    REQUIRE(low < next);
    REQUIRE(Histogram::bucket_of(low) == i);
    REQUIRE(Histogram::bucket_of(next - 1) == i);
    REQUIRE((next - low == 1 || (next - low) * 16 <= low));
  }
  CHECK(Histogram::bucket_of(~std::uint64_t{0}) == Histogram::kBuckets - 1);
}

TEST_CASE("percentiles, sum and counts agree with a sorted list") {
  std::mt19937_64 random(1);
  for (int round = 0; round < 200; ++round) {
    const auto values = durations(random, 1 + random() % 500);
    const Histogram h = histogram_of(values);
    std::uint64_t sum = 0;
    for (const std::uint64_t us : values) sum += us;
    CHECK(h.count() == values.size());
    CHECK(h.sum() == sum);
    CHECK(h.longest() == *std::ranges::max_element(values));
    for (const double share : kShares) {
      const auto truth = static_cast<double>(naive_percentile(values, share));
      const auto said = static_cast<double>(h.percentile(share));
      REQUIRE(std::abs(said - truth) <= 0.032 * truth);
    }
    const std::uint64_t edge = Histogram::lowest(random() % Histogram::kBuckets);
    const auto shorter = std::ranges::count_if(values, [&](auto us) { return us < edge; });
    CHECK(h.below(edge) == static_cast<std::uint64_t>(shorter));
  }
}

TEST_CASE("a sum of histograms is the histogram of all") {
  std::mt19937_64 random(2);
  for (int round = 0; round < 100; ++round) {
    const auto a = durations(random, random() % 50), b = durations(random, random() % 50);
    std::vector<std::uint64_t> all = a;
    all.insert(all.end(), b.begin(), b.end());
    Histogram sum = histogram_of(a);
    sum += histogram_of(b);
    check_same(sum, histogram_of(all));
  }
}

TEST_CASE("what is longer than the last bucket begins is counted, added and kept as the longest") {
  Histogram h;
  h.record(std::uint64_t{1} << 40);
  h.record(5);
  CHECK(h.count() == 2);
  CHECK(h.sum() == (std::uint64_t{1} << 40) + 5);
  CHECK(h.percentile(1) == std::uint64_t{1} << 40);
  CHECK(h.percentile(0.5) == 5);
}

TEST_CASE("memory follows the range, and has a bound") {
  Histogram h;
  for (std::uint64_t us = 100; us < 1000; ++us) h.record(us);
  CHECK(h.bytes() == 4 * 16 * sizeof(std::uint64_t));  // 64 to 1023 us
  std::mt19937_64 random(3);
  for (const std::uint64_t us : durations(random, 10'000)) h.record(us);
  CHECK(h.bytes() <= Histogram::kBuckets * sizeof(std::uint64_t));
}
