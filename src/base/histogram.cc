#include "base/histogram.h"

#include <cmath>

#include "base/check.h"

namespace weir {

Histogram& Histogram::operator+=(const Histogram& other) {
  if (other.counts_.empty()) return *this;
  widen(other.first_, other.first_ + other.counts_.size() - 1);
  for (std::size_t i = 0; i < other.counts_.size(); ++i)
    counts_[other.first_ + i - first_] += other.counts_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  longest_ = std::max(longest_, other.longest_);
  return *this;
}

std::uint64_t Histogram::percentile(double share) const {
  const double wanted = std::ceil(share * static_cast<double>(count_));
  const auto rank = std::max(std::uint64_t{1}, static_cast<std::uint64_t>(wanted));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen < rank) continue;
    const std::size_t bucket = first_ + i;
    if (bucket == kBuckets - 1) break;
    const std::uint64_t low = lowest(bucket);
    return std::min(low + (lowest(bucket + 1) - low - 1) / 2, longest_);
  }
  return longest_;
}

std::uint64_t Histogram::below(std::uint64_t edge) const {
  const std::size_t end = bucket_of(edge);
  ASSERT(lowest(end) == edge);
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < counts_.size() && first_ + i < end; ++i) sum += counts_[i];
  return sum;
}

// By whole powers of two, so that this happens a few times in a histogram's life.
void Histogram::widen(std::size_t lowest_bucket, std::size_t highest_bucket) {
  std::size_t first = lowest_bucket / kSteps * kSteps;
  std::size_t end = (highest_bucket / kSteps + 1) * kSteps;
  if (!counts_.empty()) {
    first = std::min(first, first_);
    end = std::max(end, first_ + counts_.size());
  }
  std::vector<std::uint64_t> wider(end - first);
  if (!counts_.empty())
    std::ranges::copy(counts_, wider.begin() + static_cast<std::ptrdiff_t>(first_ - first));
  counts_ = std::move(wider);
  first_ = first;
}

}  // namespace weir
