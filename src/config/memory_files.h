// Files that are only in memory: for tests, fuzzers and the simulator.
#pragma once

#include <map>
#include <set>
#include <string>

#include "config/files.h"

namespace weir::config {

struct MemoryFiles final : Files {
  std::map<std::string, std::string> texts;
  std::set<std::string> directories{"/tmp"};

  Result<std::string> read(const std::string& path) const override {
    const auto at = texts.find(path);
    if (at == texts.end()) return fail("No such file or directory");
    return at->second;
  }
  bool is_directory(const std::string& path) const override { return directories.contains(path); }
};

}  // namespace weir::config
