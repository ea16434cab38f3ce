// Files that are only in memory, for the tests and fuzzers of this folder.
#pragma once

#include <map>
#include <string>

#include "auth/field_line.h"

namespace weir::auth {

struct TestFiles final : TextFiles {
  std::map<std::string, std::string> texts;

  Result<std::string> read(const std::string& path) const override {
    const auto at = texts.find(path);
    if (at == texts.end()) return fail("No such file or directory");
    return at->second;
  }
};

}  // namespace weir::auth
