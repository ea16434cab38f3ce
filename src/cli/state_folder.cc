#include "cli/state_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "runtime/account.h"

namespace weir::cli {

namespace {

namespace fs = std::filesystem;
using runtime::Account;

std::unexpected<Error> system_error(const std::string& what) {
  return fail(fmt::format("{}: {}", what, std::strerror(errno)));
}

bool can_enter(const Account& account, const std::string& folder) {
  std::fflush(nullptr);
  const pid_t pid = fork();
  if (pid == 0) {
    const bool can = runtime::become(account) && access(folder.c_str(), R_OK | W_OK | X_OK) == 0;
    _exit(can ? 0 : 1);
  }
  int status = 1;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status == 0;
}

// Where root keeps the state of a checkout that the servers' user cannot enter.
std::string public_place(std::string path) {
  std::ranges::replace(path, '/', '-');
  return "/var/lib/weir/" + path.substr(1);
}

Result<std::string> absolute(const std::string& path) {
  std::error_code error;
  const auto full = fs::weakly_canonical(fs::absolute(path, error), error);
  if (error) return fail(fmt::format("{}: {}", path, error.message()));
  return full.string();
}

// The folder with its owner, made and given away where it is missing.
Result<Account> take(const std::string& path) {
  std::error_code error;
  fs::create_directories(fs::path(path).parent_path(), error);
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return system_error(path);
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return system_error(path);
  if (geteuid() != 0) {
    if (info.st_uid == geteuid()) return runtime::current_account();
    return fail(fmt::format("{} belongs to {}; run as that user, or give another --directory", path,
                            runtime::account_of(info.st_uid).name));
  }
  if (info.st_uid != 0) return runtime::account_of(info.st_uid);
  const auto account = runtime::unprivileged_account();
  if (account && chown(path.c_str(), account->uid, account->gid) != 0) return system_error(path);
  return account;
}

}  // namespace

StateFolder::StateFolder(StateFolder&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

StateFolder::~StateFolder() {
  if (lock_ >= 0) close(lock_);
}

Result<StateFolder> StateFolder::open(const std::string& path) {
  auto full = absolute(path);
  if (!full) return std::unexpected(full.error());
  auto account = take(*full);
  if (account && !can_enter(*account, *full)) {
    if (geteuid() != 0) return fail(fmt::format("{} cannot enter {}", account->name, *full));
    rmdir(full->c_str());
    full = public_place(*full);
    account = take(*full);
  }
  if (!account) return std::unexpected(account.error());
  if (!runtime::become(*account))
    return system_error(fmt::format("cannot become {}", account->name));
  StateFolder folder(*full);
  const auto locked = folder.lock();
  if (!locked) return std::unexpected(locked.error());
  return folder;
}

Result<void> StateFolder::lock() {
  const std::string path = file("lock");
  lock_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_ < 0) return system_error(path);
  if (flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    const auto holder = read("lock");
    return fail(
        fmt::format("`weir up` already runs in {} as process {}; stop that one, or give "
                    "another --directory and --port",
                    path_, holder ? *holder : "?"));
  }
  if (ftruncate(lock_, 0) != 0 || dprintf(lock_, "%d", getpid()) < 0) return system_error(path);
  return {};
}

bool StateFolder::has(const std::string& name) const {
  return access(file(name).c_str(), F_OK) == 0;
}

Result<void> StateFolder::write(const std::string& name, const std::string& text) const {
  const std::string path = file(name);
  const std::string part = path + ".part";
  const int fd = ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return system_error(part);
  const bool good = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                    fsync(fd) == 0 && rename(part.c_str(), path.c_str()) == 0;
  const auto error = system_error(path);
  close(fd);
  if (!good) return error;
  return {};
}

Result<std::string> StateFolder::read(const std::string& name) const {
  std::ifstream in(file(name));
  if (!in) return system_error(file(name));
  return std::string(std::istreambuf_iterator<char>(in), {});
}

std::string StateFolder::last_lines(const std::string& name, int count) const {
  const auto text = read(name);
  if (!text) return "";
  std::size_t at = text->size();
  for (int lines = 0; at > 0; --at) {
    if ((*text)[at - 1] == '\n' && at != text->size() && ++lines == count) break;
  }
  return text->substr(at);
}

}  // namespace weir::cli
