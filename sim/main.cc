// sim [--seed N] [--seeds N] [--hours H] [--verbose]: runs seeds N, N+1, ... and stops at the first
// that fails, with its number, its plan and what went wrong.
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <unistd.h>

#include "run.h"

namespace {

std::uint64_t current_seed = 0;

// An assertion of the core aborts; the seed is what is needed then.
void tell_seed(int) {
  char text[96];
  const auto seed = static_cast<unsigned long long>(current_seed);
  const int size = std::snprintf(text, sizeof text,
                                 "sim: seed %llu aborted; see --seed %llu --verbose\n", seed, seed);
  if (write(STDERR_FILENO, text, static_cast<std::size_t>(size)) < 0) _exit(2);
  std::signal(SIGABRT, SIG_DFL);
  std::raise(SIGABRT);
}

struct Options {
  std::uint64_t seed = 1;
  std::uint64_t seeds = 1;
  double hours = 0;
  bool verbose = false;
};

bool read_options(int argc, char** argv, Options& out) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : nullptr;
    if (name == "--verbose") {
      out.verbose = true;
      continue;
    }
    if (value == nullptr) return false;
    ++i;
    if (name == "--seed") {
      out.seed = std::strtoull(value, nullptr, 10);
    } else if (name == "--seeds") {
      out.seeds = std::strtoull(value, nullptr, 10);
    } else if (name == "--hours") {
      out.hours = std::strtod(value, nullptr);
    } else {
      return false;
    }
  }
  return true;
}

bool run_seed(std::uint64_t seed, bool verbose) {
  current_seed = seed;
  weir::sim::Run run(seed, verbose);
  if (run.go()) return true;
  std::fprintf(stderr, "sim: seed %llu failed after %llu steps\n  %s\n  %s\n",
               static_cast<unsigned long long>(seed), static_cast<unsigned long long>(run.steps()),
               run.plan_text().c_str(), run.failure().c_str());
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!read_options(argc, argv, options)) {
    std::fprintf(stderr, "usage: sim [--seed N] [--seeds N] [--hours H] [--verbose]\n");
    return 2;
  }
  std::signal(SIGABRT, tell_seed);
  std::signal(SIGSEGV, tell_seed);
  using Clock = std::chrono::steady_clock;
  const auto until = Clock::now() + std::chrono::duration<double, std::ratio<3600>>(options.hours);
  std::uint64_t done = 0;
  while (done < options.seeds || (options.hours > 0 && Clock::now() < until)) {
    if (!run_seed(options.seed + done, options.verbose)) return 1;
    ++done;
  }
  std::printf("sim: %llu seeds from %llu passed\n", static_cast<unsigned long long>(done),
              static_cast<unsigned long long>(options.seed));
  return 0;
}
