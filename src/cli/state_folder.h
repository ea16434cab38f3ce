// The folder in which `weir up` keeps everything: data, configuration, password and logs. It
// belongs to the user whom the servers run as. One StateFolder at a time, by its lock.
#pragma once

#include <string>
#include <utility>

#include "base/result.h"

namespace weir::cli {

class StateFolder {
 public:
  // Makes the folder where it is missing. A process of root gives up being root here, since the
  // servers refuse it: it becomes the folder's owner, else unprivileged_account(). Where that one
  // cannot enter `path`, a folder below /var/lib/weir is taken.
  static Result<StateFolder> open(const std::string& path);

  StateFolder(StateFolder&& other) noexcept;
  StateFolder& operator=(StateFolder&&) = delete;
  ~StateFolder();

  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }
  bool has(const std::string& name) const;

  // Replaces the file as a whole, readable by its owner only.
  Result<void> write(const std::string& name, const std::string& text) const;
  Result<std::string> read(const std::string& name) const;
  // Of a log: its last lines, for an error message.
  std::string last_lines(const std::string& name, int count) const;

 private:
  explicit StateFolder(std::string path) : path_(std::move(path)) {}
  Result<void> lock();

  std::string path_;
  int lock_ = -1;
};

}  // namespace weir::cli
