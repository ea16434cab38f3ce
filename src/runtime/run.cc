#include "runtime/run.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <thread>

#include "config/load.h"
#include "login/answer.h"
#include "runtime/account.h"
#include "runtime/control.h"
#include "runtime/daemon.h"
#include "runtime/descriptors.h"
#include "runtime/listeners.h"
#include "runtime/os_random.h"
#include "runtime/pidfile.h"
#include "runtime/predecessor.h"
#include "runtime/service_manager.h"
#include "runtime/tls_contexts.h"
#include "runtime/version.h"
#include "runtime/worker.h"

namespace weir::runtime {

namespace {

// Blocked in every thread; the control thread reads them from a descriptor.
net::Fd block_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGHUP, SIGTERM, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2})
    sigaddset(&set, number);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, nullptr);
  return net::Fd(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
}

unsigned worker_count(const config::Config& config) {
  const unsigned cores = std::max(1u, std::thread::hardware_concurrency());
  const int asked = config.weir.workers;
  return std::min(asked > 0 ? static_cast<unsigned>(asked) : cores, pool::kMaxWorkers);
}

// A process and what it holds; what is declared later may use what is declared before it.
class Process {
 public:
  explicit Process(const RunOptions& options) : options_(options) {}

  int run();

 private:
  Result<void> start();
  Result<void> check_files();
  Result<void> open_listeners();
  Result<void> make_workers();
  Result<void> make_control();
  int serve();
  int fail_start(const std::string& text);

  const RunOptions& options_;
  std::unique_ptr<Log> log_;
  std::shared_ptr<const config::Config> config_;
  TlsContexts tls_;
  std::optional<Daemon> daemon_;
  net::Fd signals_;
  std::unique_ptr<Predecessor> predecessor_;
  Listeners listeners_;
  PidFile pidfile_;
  OsRandom random_;
  std::unique_ptr<Shared> shared_;
  std::unique_ptr<Control> control_;
};

int Process::fail_start(const std::string& text) {
  log_->write(LogLevel::kFatal, text);
  if (options_.daemon) fmt::print(stderr, "weir: {}\n", text);
  return 1;
}

// The files that a daemon needs, and that no other process uses them.
Result<void> Process::check_files() {
  const config::Settings& settings = config_->settings;
  if (!settings.pidfile.empty() && !options_.reboot) {
    if (auto free = PidFile::check(settings.pidfile, *log_); !free) return free;
  } else if (options_.daemon && settings.pidfile.empty()) {
    return fail("daemon needs pidfile configured");
  }
  if (options_.daemon && settings.logfile.empty() && !settings.syslog)
    fmt::print(stderr, "weir: nothing will be logged: set logfile or syslog in {}\n",
               options_.config_path);
  return {};
}

// Everything up to the first thread. Root is left before any file is made.
Result<void> Process::start() {
  config::Loaded loaded = config::load(options_.config_path);
  LogOptions early{.to_stderr = !options_.quiet, .verbose = options_.verbose};
  auto log = Log::open(early);
  ASSERT(log.has_value());  // no file, nothing to fail
  log_ = std::move(*log);
  if (loaded.config) {
    const std::string& wanted = loaded.config->settings.user;
    if (auto left = leave_root(options_.user.empty() ? wanted : options_.user); !left) return left;
  }
  // Keys must be readable for who will read them again at a reload.
  tls_ = load_tls(loaded, options_.config_path);
  write_problems(*log_, loaded.problems);
  if (!loaded.config) return fail("cannot load config file");
  config_ = options_.strict ? config::made_strict(loaded.config) : loaded.config;
  if (auto ok = log_->configure(log_options(*config_, options_)); !ok) return ok;
  if (auto ok = check_files(); !ok) return ok;
  if (options_.daemon) {
    auto detached = Daemon::detach();
    if (!detached) return std::unexpected(detached.error());
    daemon_ = std::move(*detached);
  }
  report_descriptors(*config_, *log_);
  signals_ = block_signals();
  return open_listeners();
}

Result<void> Process::open_listeners() {
  if (!options_.reboot) return listeners_.open(config_->settings, *log_);
  const std::string path = control_path(config_->settings);
  if (path.empty()) return fail("-R needs unix_socket_dir, where the running process is found");
  auto found = Predecessor::find(path);
  if (!found) return std::unexpected(found.error());
  predecessor_ = std::move(*found);
  listeners_ = predecessor_->take_listeners();
  log_->print(LogLevel::kLog, "took over {} listening sockets", listeners_.list().size());
  return {};
}

Result<void> Process::make_workers() {
  const unsigned workers = worker_count(*config_);
  shared_ = std::make_unique<Shared>(workers, *log_);
  auth::Key mock_key{};
  random_.fill(mock_key);
  const unsigned generation = predecessor_ ? predecessor_->generation() : 0;
  std::vector<net::Notifier*> notifiers;
  for (unsigned i = 0; i < workers; ++i) {
    auto loop = net::Loop::create();
    if (!loop) return std::unexpected(loop.error());
    shared_->workers.push_back(std::make_unique<Worker>(Worker::Setup{
        .index = i, .shared = *shared_, .loop = std::move(*loop), .random = random_,
        .config = config_, .tls = tls_, .mock_key = mock_key, .generation = generation,
        .listeners = listeners_.list()}));
    notifiers.push_back(shared_->workers.back().get());
  }
  shared_->resolver = std::make_unique<net::Resolver>(
      net::ResolverOptions{.max_ttl = config_->settings.dns_max_ttl,
                           .nxdomain_ttl = config_->settings.dns_nxdomain_ttl},
      notifiers);
  shared_->helpers = std::make_unique<login::Helpers>(
      login::HelperOptions{.answer = &login::answer}, notifiers);
  return {};
}

Result<void> Process::make_control() {
  auto loop = net::Loop::create();
  if (!loop) return std::unexpected(loop.error());
  control_ = std::make_unique<Control>(Control::Setup{
      .shared = *shared_, .loop = std::move(*loop), .signals = std::move(signals_),
      .options = options_, .config = config_, .tls = tls_, .listeners = listeners_,
      .predecessor = std::move(predecessor_)});
  shared_->control_notifier = &control_->notifier();
  auto pidfile = PidFile::write(config_->settings.pidfile, options_.reboot);
  if (!pidfile) return std::unexpected(pidfile.error());
  pidfile_ = std::move(*pidfile);
  return {};
}

int Process::serve() {
  control_->open_http();
  std::vector<std::jthread> threads;
  for (auto& worker : shared_->workers)
    threads.emplace_back([&worker] { worker->run(); });
  log_->print(LogLevel::kLog, "process up: {}, {} worker{}", kVersion, threads.size(),
              threads.size() == 1 ? "" : "s");
  notify_ready();
  if (daemon_) daemon_->ready();
  const int status = control_->run();
  threads.clear();  // joins
  control_->say_farewell();
  shared_->resolver.reset();
  shared_->helpers.reset();
  return status;
}

int Process::run() {
  auto started = start();
  if (started) started = make_workers();
  if (started) started = make_control();
  return started ? serve() : fail_start(started.error().text);
}

}  // namespace

int run(const RunOptions& options) { return Process(options).run(); }

}  // namespace weir::runtime
