#include "gauges.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/perf_event.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tcp.h"

namespace weir::bench {
namespace {

template <typename Number>
std::optional<Number> read_number(const std::string& path) {
  std::ifstream file(path);
  Number number{};
  if (!(file >> number)) return std::nullopt;
  return number;
}

// -1 where it is not allowed or not supported.
int open_counter(std::uint32_t type, std::uint64_t config, int thread) {
  perf_event_attr attributes{};
  attributes.size = sizeof attributes;
  attributes.type = type;
  attributes.config = config;
  return static_cast<int>(
      syscall(SYS_perf_event_open, &attributes, thread, -1, -1, PERF_FLAG_FD_CLOEXEC));
}

std::optional<std::uint64_t> difference(const std::optional<std::uint64_t>& later,
                                        const std::optional<std::uint64_t>& earlier) {
  if (!later || !earlier) return std::nullopt;
  return *later - *earlier;
}

const volatile std::uint64_t* map_counter(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) give_up(path);
  void* memory = mmap(nullptr, sizeof(std::uint64_t), PROT_READ, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) give_up(path);
  close(fd);
  return static_cast<const volatile std::uint64_t*>(memory);
}

}  // namespace

Reading operator-(const Reading& later, const Reading& earlier) {
  return {.cpu_ns = later.cpu_ns - earlier.cpu_ns,
          .system_calls = difference(later.system_calls, earlier.system_calls),
          .instructions = difference(later.instructions, earlier.instructions),
          .allocations = difference(later.allocations, earlier.allocations)};
}

Gauges::Gauges(Options options) {
  const auto tracepoint =
      read_number<std::uint64_t>("/sys/kernel/tracing/events/raw_syscalls/sys_enter/id");
  for (const int process : options.processes) {
    const auto tasks = fmt::format("/proc/{}/task", process);
    std::error_code error;
    for (const auto& task : std::filesystem::directory_iterator(tasks, error)) {
      schedstats_.push_back(task.path() / "schedstat");
      if (!options.count_calls) continue;
      const int thread = std::atoi(task.path().filename().c_str());
      if (tracepoint)
        system_calls_.fds.push_back(open_counter(PERF_TYPE_TRACEPOINT, *tracepoint, thread));
      instructions_.fds.push_back(
          open_counter(PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS, thread));
    }
    if (error) give_up(tasks);
  }
  if (!options.allocations_file.empty()) allocations_ = map_counter(options.allocations_file);
}

Gauges::~Gauges() {
  for (const auto* counter : {&system_calls_, &instructions_}) {
    for (const int fd : counter->fds) close(fd);
  }
}

std::optional<std::uint64_t> Gauges::Counter::read() const {
  if (fds.empty()) return std::nullopt;
  std::uint64_t total = 0;
  for (const int fd : fds) {
    std::uint64_t value = 0;
    if (fd < 0 || ::read(fd, &value, sizeof value) != sizeof value) return std::nullopt;
    total += value;
  }
  return total;
}

Reading Gauges::read() const {
  Reading now{.cpu_ns = 0,
              .system_calls = system_calls_.read(),
              .instructions = instructions_.read(),
              .allocations = std::nullopt};
  for (const auto& path : schedstats_) now.cpu_ns += read_number<std::uint64_t>(path).value_or(0);
  if (allocations_ != nullptr) now.allocations = *allocations_;
  return now;
}

}  // namespace weir::bench
