// What other processes use: CPU time, system calls, instructions, allocations. Read at the start
// and the end of the measured stretch, by the load generator itself: nothing else is counted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weir::bench {

struct Reading {
  std::uint64_t cpu_ns = 0;
  // Empty where the kernel, the processor or our rights do not give them.
  std::optional<std::uint64_t> system_calls, instructions, allocations;
};

Reading operator-(const Reading& later, const Reading& earlier);

class Gauges {
 public:
  struct Options {
    std::vector<int> processes;  // all their threads, as they are when the object is made
    bool count_calls = false;  // costs the watched a few per cent: not in a round that takes times
    std::string allocations_file;  // written by libcount_malloc.so in the watched process
  };

  explicit Gauges(Options options);
  ~Gauges();
  Gauges(const Gauges&) = delete;
  Gauges& operator=(const Gauges&) = delete;

  Reading read() const;

 private:
  struct Counter {
    std::vector<int> fds;  // one a thread
    std::optional<std::uint64_t> read() const;
  };

  std::vector<std::string> schedstats_;
  Counter system_calls_, instructions_;
  const volatile std::uint64_t* allocations_ = nullptr;
};

}  // namespace weir::bench
