// The file with the process's id. Whoever writes it removes it, unless a successor has written its
// own id there meanwhile.
#pragma once

#include <string>

#include "base/result.h"
#include "runtime/log.h"

namespace weir::runtime {

class PidFile {
 public:
  PidFile() = default;
  PidFile(PidFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  PidFile& operator=(PidFile&& other) noexcept {
    std::swap(path_, other.path_);
    return *this;
  }
  ~PidFile();

  // Fails where the file is another running process's, or might be; one that was left behind is
  // removed.
  static Result<void> check(const std::string& path, Log& log);
  // `replace` writes over a predecessor's.
  static Result<PidFile> write(const std::string& path, bool replace);

 private:
  std::string path_;  // empty: none
};

}  // namespace weir::runtime
