#include "runtime/run.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <thread>

#include "config/load.h"
#include "login/answer.h"
#include "net/limits.h"
#include "runtime/control.h"
#include "runtime/os_random.h"
#include "runtime/tls_contexts.h"
#include "runtime/worker.h"

namespace weir::runtime {

namespace {

// The sockets of the process; the workers share their descriptors.
struct Listeners {
  std::vector<net::Fd> fds;
  std::vector<Listener> list;
  std::string unix_path;

  ~Listeners() {
    if (!unix_path.empty() && unix_path.front() != '@') ::unlink(unix_path.c_str());
  }
};

Result<void> listen_on(const std::string& host, const config::Settings& s, Log& log,
                       Listeners& out) {
  const net::Lookup found = net::lookup_host(host);
  if (found.addresses.empty())
    return fail(fmt::format("cannot listen on {}: {}", host, found.error));
  for (net::Address address : found.addresses) {
    address.set_port(s.listen_port);
    auto fd = net::listen_tcp(address, s.listen_backlog, s.so_reuseport);
    if (!fd) return fail(fd.error().text);
    log.print(LogLevel::kLog, "listening on {}", address.full_text());
    out.list.push_back({.fd = fd->get(), .port = s.listen_port});
    out.fds.push_back(std::move(*fd));
  }
  return {};
}

Result<void> listen_all(const config::Settings& s, Log& log, Listeners& out) {
  for (const std::string& host : s.listen_addr) {
    if (host == "*") {
      if (auto ok = listen_on("0.0.0.0", s, log, out); !ok) return ok;
      (void)listen_on("::", s, log, out);  // a machine without IPv6 has none
    } else if (auto ok = listen_on(host, s, log, out); !ok) {
      return ok;
    }
  }
  if (!s.unix_socket_dir.empty()) {
    const std::string path = fmt::format("{}/.s.PGSQL.{}", s.unix_socket_dir, s.listen_port);
    auto fd = net::listen_unix(path, static_cast<mode_t>(s.unix_socket_mode),
                               s.unix_socket_group, s.listen_backlog);
    if (!fd) return fail(fd.error().text);
    log.print(LogLevel::kLog, "listening on unix:{}", path);
    out.unix_path = path;
    out.list.push_back({.fd = fd->get(), .is_unix = true, .port = s.listen_port});
    out.fds.push_back(std::move(*fd));
  }
  if (out.list.empty())
    return fail("nowhere to listen: set listen_addr or unix_socket_dir in [pgbouncer]");
  return {};
}

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

void report_limits(const config::Config& config, Log& log) {
  const net::FileLimit before = net::file_limit();
  const net::FileLimit after = net::raise_file_limit();
  const auto expected = static_cast<std::uint64_t>(config.settings.max_client_conn) + 100 +
                        static_cast<std::uint64_t>(config.settings.default_pool_size);
  log.print(LogLevel::kLog,
            "kernel file descriptor limit: {} (hard: {}); max_client_conn: {}, max expected fd "
            "use: {}",
            before.soft, before.hard, config.settings.max_client_conn, expected);
  if (after.soft < expected)
    log.print(LogLevel::kWarning,
              "the limit on open files ({}) is below what max_client_conn may need ({}): raise it "
              "with ulimit -n or LimitNOFILE=",
              after.soft, expected);
}

unsigned worker_count(const config::Config& config) {
  const unsigned cores = std::max(1u, std::thread::hardware_concurrency());
  const int asked = config.weir.workers;
  return std::min(asked > 0 ? static_cast<unsigned>(asked) : cores, pool::kMaxWorkers);
}

int fail_start(Log* log, const std::string& text) {
  if (log != nullptr) {
    log->write(LogLevel::kFatal, text);
  } else {
    fmt::print(stderr, "weir: {}\n", text);
  }
  return 1;
}

}  // namespace

int run(const RunOptions& options) {
  config::Loaded loaded = config::load(options.config_path);
  const TlsContexts tls = load_tls(loaded, options.config_path);
  const config::Config fallback{};
  auto opened = Log::open(log_options(loaded.config ? *loaded.config : fallback, !options.quiet,
                                      options.verbose));
  if (!opened) return fail_start(nullptr, opened.error().text);
  Log& log = **opened;
  write_problems(log, loaded.problems);
  if (!loaded.config) return fail_start(&log, "cannot load config file");
  const std::shared_ptr<const config::Config> config =
      options.strict ? config::made_strict(loaded.config) : loaded.config;

  report_limits(*config, log);
  net::Fd signals = block_signals();
  Listeners listeners;
  if (auto ok = listen_all(config->settings, log, listeners); !ok)
    return fail_start(&log, ok.error().text);

  const unsigned workers = worker_count(*config);
  Shared shared(workers, log);
  OsRandom random;
  auth::Key mock_key{};
  random.fill(mock_key);
  std::vector<net::Notifier*> notifiers;
  for (unsigned i = 0; i < workers; ++i) {
    auto loop = net::Loop::create();
    if (!loop) return fail_start(&log, loop.error().text);
    shared.workers.push_back(std::make_unique<Worker>(Worker::Setup{
        .index = i, .shared = shared, .loop = std::move(*loop), .random = random,
        .config = config, .tls = tls, .mock_key = mock_key, .listeners = listeners.list}));
    notifiers.push_back(shared.workers.back().get());
  }
  shared.resolver = std::make_unique<net::Resolver>(
      net::ResolverOptions{.max_ttl = config->settings.dns_max_ttl,
                           .nxdomain_ttl = config->settings.dns_nxdomain_ttl},
      notifiers);
  shared.helpers = std::make_unique<login::Helpers>(
      login::HelperOptions{.answer = &login::answer}, notifiers);
  auto control_loop = net::Loop::create();
  if (!control_loop) return fail_start(&log, control_loop.error().text);
  Control control({.shared = shared, .loop = std::move(*control_loop),
                   .signals = std::move(signals), .config = config, .tls = tls,
                   .verbose = options.verbose, .strict = options.strict});
  shared.control_notifier = &control.notifier();

  std::vector<std::jthread> threads;
  for (auto& worker : shared.workers)
    threads.emplace_back([&worker] { worker->run(); });
  log.print(LogLevel::kLog, "process up: Weir {} (PgBouncer 1.26.1), {} worker{}", WEIR_VERSION,
            workers, workers == 1 ? "" : "s");
  const int status = control.run();
  threads.clear();  // joins
  shared.resolver.reset();
  shared.helpers.reset();
  return status;
}

}  // namespace weir::runtime
