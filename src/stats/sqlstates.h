// Errors counted by SQLSTATE: a fixed table of the codes that one meets, and one count for each
// class of the rest, so that no client can make it grow. Plain integers of one worker.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir::stats {

class SqlStates {
 public:
  static constexpr std::size_t kRows = 107;

  void count(std::string_view sqlstate) { ++counts_[row_of(sqlstate)]; }
  SqlStates& operator+=(const SqlStates& other) {
    for (std::size_t i = 0; i < kRows; ++i) counts_[i] += other.counts_[i];
    return *this;
  }

  // The code of a row; of a class: its two letters and xxx; of what has no known class: other.
  static std::string_view name(std::size_t row);
  std::uint64_t value(std::size_t row) const { return counts_[row]; }

 private:
  static std::size_t row_of(std::string_view sqlstate);

  std::array<std::uint64_t, kRows> counts_{};
};

}  // namespace weir::stats
