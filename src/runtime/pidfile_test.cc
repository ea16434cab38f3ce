#include "runtime/pidfile.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

using namespace weir;
using namespace weir::runtime;

namespace {

struct Folder {
  Folder() { REQUIRE(::mkdtemp(path.data()) != nullptr); }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string file() const { return path + "/pid"; }
  void write(std::string_view text) const { std::ofstream(file()) << text; }
  std::string read() const {
    std::ifstream in(file());
    return {std::istreambuf_iterator<char>(in), {}};
  }
  bool there() const { return std::filesystem::exists(file()); }

  std::string path = "/tmp/weir-pid-XXXXXX";
};

std::unique_ptr<Log> quiet() {
  return std::move(*Log::open({.to_stderr = false}));
}

// The id of a process that has just ended.
pid_t gone() {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(0);
  ::waitpid(pid, nullptr, 0);
  return pid;
}

const std::string kOwn = fmt::format("{}\n", ::getpid());

}  // namespace

TEST_CASE("the file has the process id and goes with its owner") {
  const Folder folder;
  {
    const auto file = PidFile::write(folder.file(), false);
    REQUIRE(file.has_value());
    CHECK(folder.read() == kOwn);
    const auto second = PidFile::write(folder.file(), false);
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().text ==
          fmt::format("pidfile '{}' exists, another instance running?", folder.file()));
  }
  CHECK_FALSE(folder.there());
}

TEST_CASE("a successor's file is left alone") {
  const Folder folder;
  {
    const auto file = PidFile::write(folder.file(), false);
    folder.write("1\n");
  }
  CHECK(folder.read() == "1\n");
  const auto replaced = PidFile::write(folder.file(), true);
  REQUIRE(replaced.has_value());
  CHECK(folder.read() == kOwn);
}

TEST_CASE("a file in the way: whose it is decides") {
  const Folder folder;
  const auto log = quiet();
  CHECK(PidFile::check(folder.file(), *log).has_value());
  for (const std::string& taken : {std::string(), std::string("what"), std::string("-5"),
                                   fmt::format("{}", ::getppid())}) {
    CAPTURE(taken);
    folder.write(taken);
    CHECK_FALSE(PidFile::check(folder.file(), *log).has_value());
    CHECK(folder.read() == taken);
  }
  for (const std::string& stale : {fmt::format("{}\n", gone()), kOwn}) {
    CAPTURE(stale);
    folder.write(stale);
    CHECK(PidFile::check(folder.file(), *log).has_value());
    CHECK_FALSE(folder.there());
  }
}

TEST_CASE("a folder that is not there") {
  const auto file = PidFile::write("/nowhere/pid", false);
  REQUIRE_FALSE(file.has_value());
  CHECK(file.error().text == "could not open pidfile '/nowhere/pid': No such file or directory");
}
