// The one way by which the configuration reads files, so that tests and fuzzers read from memory.
#pragma once

#include <string>

#include "auth/field_line.h"
#include "base/result.h"

namespace weir::config {

class Files : public auth::TextFiles {
 public:
  virtual bool is_directory(const std::string& path) const = 0;
};

class DiskFiles final : public Files {
 public:
  Result<std::string> read(const std::string& path) const override;
  bool is_directory(const std::string& path) const override;
};

}  // namespace weir::config
