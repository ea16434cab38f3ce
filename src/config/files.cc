#include "config/files.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace weir::config {

Result<std::string> DiskFiles::read(const std::string& path) const {
  struct Close {
    void operator()(std::FILE* f) const { std::fclose(f); }
  };
  const std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "re"));
  if (!file) return fail(std::strerror(errno));
  std::string text;
  char block[16384];
  while (const std::size_t n = std::fread(block, 1, sizeof block, file.get())) {
    text.append(block, n);
  }
  if (std::ferror(file.get()) != 0) return fail(std::strerror(errno));
  return text;
}

bool DiskFiles::is_directory(const std::string& path) const {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

}  // namespace weir::config
