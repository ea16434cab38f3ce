// A histogram of durations in microseconds, 16 steps to every power of two: a percentile is within
// 3.2 % of the truth. Recording is a few instructions; memory covers the range that has been seen,
// at most 3.7 kB. A plain value of one thread.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace weir {

class Histogram {
 public:
  // Buckets: durations under 32 us one by one, then 16 to every power of two up to 2^32 us
  // (71 minutes). What takes longer is in the last one; sum and longest stay exact.
  static constexpr std::size_t kBuckets = 29 * 16;

  void record(std::uint64_t us) {
    ++count_;
    sum_ += us;
    longest_ = std::max(longest_, us);
    const std::size_t bucket = bucket_of(us);
    if (bucket - first_ >= counts_.size()) [[unlikely]]
      widen(bucket, bucket);
    ++counts_[bucket - first_];
  }
  Histogram& operator+=(const Histogram& other);

  std::uint64_t count() const { return count_; }
  std::uint64_t sum() const { return sum_; }
  std::uint64_t longest() const { return longest_; }
  std::uint64_t mean() const { return count_ == 0 ? 0 : sum_ / count_; }
  // The duration that this share (0 to 1) of all are under or at; 0 where there are none.
  std::uint64_t percentile(double share) const;
  // How many were shorter than `edge`, which must be where a bucket begins.
  std::uint64_t below(std::uint64_t edge) const;
  // What it holds besides itself.
  std::size_t bytes() const { return counts_.capacity() * sizeof(counts_[0]); }

  // Where a bucket begins; it ends where the next begins.
  static constexpr std::uint64_t lowest(std::size_t bucket) {
    if (bucket < 2 * kSteps) return bucket;
    const std::size_t shift = bucket / kSteps - 1;
    return std::uint64_t{bucket - shift * kSteps} << shift;
  }
  static constexpr std::size_t bucket_of(std::uint64_t us) {
    if (us < 2 * kSteps) return us;
    const auto shift = static_cast<unsigned>(std::bit_width(us)) - 5;
    return std::min(shift * kSteps + (us >> shift), kBuckets - 1);
  }

 private:
  static constexpr std::size_t kSteps = 16;

  // Makes room for these buckets and those between.
  void widen(std::size_t lowest_bucket, std::size_t highest_bucket);

  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
  std::uint64_t longest_ = 0;
  std::size_t first_ = 0;  // the bucket of counts_[0]
  // 64 bits each: at 100,000 queries a second 32 would be full after half a day.
  std::vector<std::uint64_t> counts_;
};

}  // namespace weir
