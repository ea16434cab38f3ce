#include "cli/up.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <string_view>
#include <vector>

#include "cli/child.h"
#include "cli/interrupt.h"
#include "cli/pooler_files.h"
#include "cli/private_postgres.h"
#include "cli/state_folder.h"
#include "watch/live_figures.h"

extern char** environ;

namespace weir::cli {

namespace {

using namespace std::chrono_literals;

constexpr const char* kAddress = "127.0.0.1";
constexpr const char* kLog = "weir.log";
constexpr int kHttpPort = 9127;

// What a shell has set for other servers (PGPORT, PGDATA, PGOPTIONS, ...) must not reach ours.
void forget_postgres_environment() {
  std::vector<std::string> names;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (text.starts_with("PG")) names.emplace_back(text.substr(0, text.find('=')));
  }
  for (const auto& name : names) unsetenv(name.c_str());
}

// The errno of the failure, or 0; `port` 0 becomes a free one.
int try_port(int& port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  inet_pton(AF_INET, kAddress, &address.sin_addr);
  socklen_t length = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  const bool bound = bind(fd, generic, length) == 0 && getsockname(fd, generic, &length) == 0;
  const int error = bound ? 0 : errno;
  port = ntohs(address.sin_port);
  close(fd);
  return error;
}

// Metrics' usual port, or any other where that is taken: nobody has asked for it.
int free_http_port() {
  int port = kHttpPort;
  if (try_port(port) != 0) {
    port = 0;
    (void)try_port(port);
  }
  return port;
}

Result<void> check_port_is_free(int port) {
  const int error = try_port(port);
  if (error == 0) return {};
  if (error != EADDRINUSE) return fail(fmt::format("port {}: {}", port, std::strerror(error)));
  return fail(
      fmt::format("port {} on {} is taken; stop what listens there (`ss -ltnp 'sport = "
                  ":{}'` names it), or give another --port",
                  port, kAddress, port));
}

class Tier {
 public:
  Tier(const UpOptions& options, const StateFolder& folder, PrivatePostgres postgres)
      : options_(options), folder_(folder), postgres_(std::move(postgres)) {}

  Result<void> start(Interrupt& interrupt);
  Result<void> watch(Interrupt& interrupt);
  void stop();
  void print_banner() const;

 private:
  Result<void> start_pooler(Interrupt& interrupt);
  std::string http_address() const;
  std::unexpected<Error> ended_by_itself(const char* what, const char* log) const;
  watch::Parameters pooler(const char* database) const {
    return private_login(kAddress, options_.port, database, postgres_.password());
  }

  const UpOptions& options_;
  const StateFolder& folder_;
  PrivatePostgres postgres_;
  Child pooler_;
};

Result<void> Tier::start(Interrupt& interrupt) {
  auto done = postgres_.start(interrupt);
  if (!done) return done;
  const auto secret = postgres_.secret();
  if (!secret) return std::unexpected(secret.error());
  done = write_pooler_files(
      folder_, {options_.port, free_http_port(), postgres_.socket_folder(), postgres_.port(),
                kPrivateUser, *secret});
  return done ? start_pooler(interrupt) : done;
}

Result<void> Tier::start_pooler(Interrupt& interrupt) {
  auto child = Child::start({{"/proc/self/exe", folder_.file(kPoolerConfig)}, folder_.path()},
                            folder_.file(kLog));
  if (!child) return std::unexpected(child.error());
  pooler_ = std::move(*child);
  std::string reason = "it ended";
  for (auto waited = 0ms; pooler_.running() && waited < 15s; waited += 50ms) {
    auto client = watch::Console::connect(pooler(kPrivateUser), 5s);
    const auto answer = client ? client->query("SELECT 1", 5s) : std::unexpected(client.error());
    if (answer) return {};
    reason = answer.error().text;
    if (interrupt.wait(50ms)) return fail("interrupted");
  }
  return fail(fmt::format("the pooler did not start ({}); the end of {}:\n{}", reason,
                          folder_.file(kLog), folder_.last_lines(kLog, 10)));
}

// On a terminal the line stays in its place; in a file there is one every ten seconds.
Result<void> Tier::watch(Interrupt& interrupt) {
  const bool terminal = isatty(STDOUT_FILENO) != 0;
  watch::LiveFigures figures(pooler("pgbouncer"));
  for (int second = 1; !interrupt.wait(1s); ++second) {
    if (!postgres_.running()) return ended_by_itself("PostgreSQL", "postgres.log");
    if (!pooler_.running()) return ended_by_itself("the pooler", kLog);
    if (terminal) {
      fmt::print("\r\033[K{}", figures.line());
    } else if (second % 10 == 0) {
      fmt::print("{}\n", figures.line());
    }
    std::fflush(stdout);
  }
  return {};
}

std::unexpected<Error> Tier::ended_by_itself(const char* what, const char* log) const {
  return fail(fmt::format("{} ended by itself; the end of {}:\n{}", what, folder_.file(log),
                          folder_.last_lines(log, 10)));
}

// The pooler first, so that its clients hear of the end from it; those still busy get five seconds.
void Tier::stop() {
  if (!pooler_.stop(SIGINT, 5s)) pooler_.stop(SIGQUIT, 2s);
  pooler_ = Child();
  postgres_.stop();
}

// As the pooler's log says it, since its configuration may be somebody's own.
std::string Tier::http_address() const {
  const std::string log = folder_.last_lines(kLog, 30);
  const std::string said = fmt::format("[{}] LOG listening on ", pooler_.pid());
  for (std::size_t at = log.find(said); at != std::string::npos; at = log.find(said, at + 1)) {
    const std::string_view line = std::string_view(log).substr(at + said.size());
    const std::string_view where = line.substr(0, line.find('\n'));
    for (const std::string_view scheme : {"http", "https"})
      if (where.ends_with(fmt::format(" ({})", scheme)))
        return fmt::format("{}://{}", scheme, where.substr(0, where.find(' ')));
  }
  return {};
}

void Tier::print_banner() const {
  const auto url = [this](const std::string& password, const char* database) {
    return fmt::format("postgres://{}:{}@{}:{}/{}", kPrivateUser, password, kAddress, options_.port,
                       database);
  };
  fmt::print("\n  {}\n\n", url(postgres_.password(), kPrivateUser));
  fmt::print("  pooler      {}:{}, process {}: {}, {}\n", kAddress, options_.port, pooler_.pid(),
             folder_.file(kPoolerConfig), folder_.file(kLog));
  fmt::print("  PostgreSQL  {}, process {}: {}, {}\n", postgres_.version(), postgres_.pid(),
             folder_.file("postgres"), folder_.file("postgres.log"));
  fmt::print("  console     psql {}   then SHOW HELP;\n", url("...", "pgbouncer"));
  const std::string http = http_address();
  if (!http.empty()) fmt::print("  metrics     {}/metrics, health and more: {}/\n", http, http);
  fmt::print("\n");
  fmt::print("Ctrl-C stops both; the data stays for the next start.\n\n");
  std::fflush(stdout);
}

Result<void> run_tier(const UpOptions& options, Interrupt& interrupt) {
  const auto folder = StateFolder::open(options.directory);
  if (!folder) return std::unexpected(folder.error());
  const auto free = check_port_is_free(options.port);
  if (!free) return free;
  if (!folder->has("postgres")) fmt::print("making a database in {}\n", folder->path());
  std::fflush(stdout);
  auto postgres = PrivatePostgres::prepare(*folder, options.postgres_bin);
  if (!postgres) return std::unexpected(postgres.error());

  Tier tier(options, *folder, std::move(*postgres));
  auto done = tier.start(interrupt);
  if (done) {
    tier.print_banner();
    done = tier.watch(interrupt);
  }
  if (interrupt.wait(0ms)) {
    fmt::print("\nstopping\n");
    std::fflush(stdout);
    done = {};
  }
  tier.stop();
  return done;
}

}  // namespace

int up(const UpOptions& options) {
  forget_postgres_environment();
  Interrupt interrupt;
  const auto done = run_tier(options, interrupt);
  if (done) return 0;
  fmt::print(stderr, "weir: {}\n", done.error().text);
  return 1;
}

}  // namespace weir::cli
