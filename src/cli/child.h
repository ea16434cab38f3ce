// A program that we start and stop. It runs in a process group of its own, so that Ctrl-C reaches
// only us and we stop things in order; it gets a signal from the kernel should we die first.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "base/result.h"

namespace weir::cli {

struct Program {
  std::vector<std::string> arguments;  // the first is the program's path
  std::string directory = "/";
};

class Child {
 public:
  // Output and errors are appended to the file `log`.
  static Result<Child> start(const Program& program, const std::string& log);

  Child() = default;
  ~Child();
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;

  pid_t pid() const { return pid_; }
  bool running();
  // Sends the signal and waits; false when it still runs after `patience`.
  bool stop(int signal, std::chrono::seconds patience);

 private:
  explicit Child(pid_t pid) : pid_(pid) {}

  pid_t pid_ = 0;
};

struct Finished {
  int status = 0;  // as a shell tells it: 0 is good, 127 could not be started
  std::string output;
};

// Runs a program to its end and collects what it says, errors too.
Result<Finished> run(const Program& program);

}  // namespace weir::cli
