// A histogram of durations in nanoseconds: 128 steps to every power of two, so under 1 % of error.
// A plain array of one thread.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

namespace weir::bench {

class Latency {
 public:
  void record(std::uint64_t ns) {
    ++counts_[bucket_of(ns)];
    ++total_;
    longest_ = std::max(longest_, ns);
  }
  void clear() { *this = Latency(); }

  // The duration that this share of all stays under or at; 0 when nothing was recorded.
  double quantile_us(double share) const {
    const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(total_));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (counts_[i] > 0 && seen > wanted) {
        return static_cast<double>(std::min(middle_of(i), longest_)) / 1000;
      }
    }
    return longest_us();
  }
  double longest_us() const { return static_cast<double>(longest_) / 1000; }

 private:
  static constexpr unsigned kBits = 7;
  static constexpr std::uint64_t kSteps = std::uint64_t{1} << kBits;

  static std::size_t bucket_of(std::uint64_t ns) {
    if (ns < kSteps) return ns;
    const unsigned shift = static_cast<unsigned>(std::bit_width(ns)) - kBits - 1;
    return shift * kSteps + (ns >> shift);
  }
  static std::uint64_t middle_of(std::size_t bucket) {
    if (bucket < 2 * kSteps) return bucket;
    const std::uint64_t shift = bucket / kSteps - 1;
    return ((bucket - shift * kSteps) << shift) + (std::uint64_t{1} << (shift - 1));
  }

  std::vector<std::uint64_t> counts_ = std::vector<std::uint64_t>((64 - kBits + 1) * kSteps);
  std::uint64_t total_ = 0;
  std::uint64_t longest_ = 0;
};

}  // namespace weir::bench
