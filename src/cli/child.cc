#include "cli/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <thread>
#include <utility>

namespace weir::cli {

namespace {

using namespace std::chrono_literals;

[[noreturn]] void execute(const Program& program, int output, pid_t parent) {
  setpgid(0, 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int null = open("/dev/null", O_RDONLY);
  dup2(null, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);

  std::vector<char*> arguments;
  for (const auto& argument : program.arguments) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  // SIGINT ends a server in good order.
  prctl(PR_SET_PDEATHSIG, SIGINT);
  if (getppid() == parent && chdir(program.directory.c_str()) == 0) {
    execv(arguments[0], arguments.data());
  }
  fmt::print(stderr, "cannot run {}: {}\n", program.arguments[0], std::strerror(errno));
  std::fflush(stderr);
  _exit(127);
}

Result<pid_t> spawn(const Program& program, int output) {
  std::fflush(nullptr);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return fail(fmt::format("fork: {}", std::strerror(errno)));
  if (pid == 0) execute(program, output, parent);
  return pid;
}

int shell_status(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string read_all(int fd) {
  std::string text;
  std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t n = read(fd, buffer.data(), buffer.size());
    if (n > 0) text.append(buffer.data(), static_cast<std::size_t>(n));
    if (n == 0 || (n < 0 && errno != EINTR)) return text;
  }
}

}  // namespace

Result<Child> Child::start(const Program& program, const std::string& log) {
  const int output = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (output < 0) return fail(fmt::format("{}: {}", log, std::strerror(errno)));
  auto pid = spawn(program, output);
  close(output);
  if (!pid) return std::unexpected(pid.error());
  return Child(*pid);
}

Child::~Child() {
  if (pid_ > 0) stop(SIGKILL, 5s);
}

Child::Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, 0)) {}

Child& Child::operator=(Child&& other) noexcept {
  std::swap(pid_, other.pid_);
  return *this;
}

bool Child::running() {
  if (pid_ > 0 && waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = 0;
  return pid_ > 0;
}

bool Child::stop(int signal, std::chrono::seconds patience) {
  if (running()) kill(pid_, signal);
  for (auto waited = 0ms; running(); waited += 20ms) {
    if (waited >= patience) return false;
    std::this_thread::sleep_for(20ms);
  }
  return true;
}

Result<Finished> run(const Program& program) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return fail(fmt::format("pipe: {}", std::strerror(errno)));
  auto pid = spawn(program, ends[1]);
  close(ends[1]);
  Finished finished;
  if (pid) finished.output = read_all(ends[0]);
  close(ends[0]);
  if (!pid) return std::unexpected(pid.error());
  int status = 0;
  while (waitpid(*pid, &status, 0) < 0 && errno == EINTR) {
  }
  finished.status = shell_status(status);
  return finished;
}

}  // namespace weir::cli
