#include "runtime/process_facts.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <sstream>
#include <string>

namespace weir::runtime {

namespace {

std::string content(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

double ticks_per_second() { return static_cast<double>(::sysconf(_SC_CLK_TCK)); }

// When the machine was started, in seconds since 1970.
double boot_time() {
  std::istringstream lines(content("/proc/stat"));
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("btime ")) return std::stod(line.substr(6));
  return 0;
}

// The fields of proc(5) from the third on; the second is a name that may hold anything.
void read_stat(admin::ProcessFacts& facts) {
  const std::string stat = content("/proc/self/stat");
  std::istringstream fields(stat.substr(std::min(stat.rfind(')') + 1, stat.size())));
  std::string word;
  double user = 0, system = 0, start = 0;
  std::uint64_t pages = 0;
  for (int number = 3; number <= 24 && fields >> word; ++number) {
    if (number == 14) user = std::stod(word);
    if (number == 15) system = std::stod(word);
    if (number == 22) start = std::stod(word);
    if (number == 23) facts.virtual_bytes = std::stoull(word);
    if (number == 24) pages = std::stoull(word);
  }
  facts.cpu_s = (user + system) / ticks_per_second();
  facts.start_s = boot_time() + start / ticks_per_second();
  facts.resident_bytes = pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

// Two lines beside each other: names, and their values.
void read_network(admin::ProcessFacts& facts) {
  std::istringstream lines(content("/proc/self/net/netstat"));
  for (std::string names, values; std::getline(lines, names) && std::getline(lines, values);) {
    if (!names.starts_with("IpExt:")) continue;
    std::istringstream name_words(names), value_words(values);
    for (std::string name, value; name_words >> name && value_words >> value;) {
      if (name == "InOctets") facts.network_received_bytes = std::stod(value);
      if (name == "OutOctets") facts.network_sent_bytes = std::stod(value);
    }
  }
}

std::uint64_t count_descriptors() {
  std::error_code failed;
  const std::filesystem::directory_iterator entries("/proc/self/fd", failed);
  return failed ? 0 : static_cast<std::uint64_t>(std::distance(begin(entries), end(entries)));
}

}  // namespace

void read_process(admin::ProcessFacts& facts) {
  read_stat(facts);
  read_network(facts);
  facts.descriptors = count_descriptors();
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) facts.descriptors_max = limit.rlim_cur;
  if (::getrlimit(RLIMIT_AS, &limit) == 0)
    facts.virtual_bytes_max = static_cast<double>(limit.rlim_cur);
}

}  // namespace weir::runtime
