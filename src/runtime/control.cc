#include "runtime/control.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <syslog.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "admin/merge.h"
#include "admin/refusal.h"
#include "admin/render.h"
#include "admin/show.h"
#include "config/fingerprint.h"
#include "config/load.h"
#include "runtime/service_manager.h"
#include "runtime/version.h"

namespace weir::runtime {

namespace {

constexpr std::uint64_t kSignalToken = 1;
constexpr std::uint64_t kControlSocketToken = 2;
constexpr std::uint64_t kSuccessorToken = 3;
constexpr std::uint64_t kPredecessorToken = 4;

int syslog_facility(config::SyslogFacility facility) {
  constexpr int kFacilities[] = {LOG_AUTH,   LOG_AUTHPRIV, LOG_DAEMON, LOG_USER,
                                 LOG_LOCAL0, LOG_LOCAL1,   LOG_LOCAL2, LOG_LOCAL3,
                                 LOG_LOCAL4, LOG_LOCAL5,   LOG_LOCAL6, LOG_LOCAL7};
  return kFacilities[static_cast<std::size_t>(facility)];
}

}  // namespace

std::int64_t wall_clock_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

LogOptions log_options(const config::Config& config, const RunOptions& options) {
  const config::Settings& settings = config.settings;
  return {.format = config.weir.log_format == config::LogFormat::Json ? LogFormat::kJson
                                                                      : LogFormat::kPlain,
          .to_stderr = !options.quiet && !options.daemon, .file = settings.logfile,
          .syslog = {.on = settings.syslog, .ident = settings.syslog_ident,
                     .facility = syslog_facility(settings.syslog_facility)},
          .verbose = settings.verbose + options.verbose};
}

void write_problems(Log& log, const config::Problems& problems) {
  for (const config::Problem& problem : problems) {
    const LogLevel level = problem.severity == config::Severity::Error     ? LogLevel::kError
                           : problem.severity == config::Severity::Warning ? LogLevel::kWarning
                                                                           : LogLevel::kLog;
    log.print(level, "{}:{}: {}", problem.file, problem.line, problem.text);
  }
}

Control::Control(Setup setup)
    : shared_(setup.shared),
      loop_(std::move(setup.loop)),
      signals_(std::move(setup.signals)),
      options_(setup.options),
      config_(std::move(setup.config)),
      tls_(std::move(setup.tls)),
      listeners_(setup.listeners),
      predecessor_(std::move(setup.predecessor)),
      successor_(shared_, listeners_, predecessor_ ? predecessor_->generation() : 0),
      averages_(net::read_clock()),
      http_(shared_, *loop_) {
  reloads_.loaded_us = wall_clock_us();
  reloads_.hash = config::fingerprint(*config_);
}

int Control::run() {
  watch();
  next_sample_ = net::read_clock();
  std::vector<ControlMessage> messages;
  while (!stopped_) {
    const auto patience = std::chrono::milliseconds(successor_.is_up() ? 100 : 1000);
    const auto ready = loop_->wait(patience);
    for (const net::Ready& event : ready) on_event(event.token);
    messages.clear();
    shared_.control.drain(messages);
    for (ControlMessage& message : messages) on_message(message);
    tick(loop_->now());
  }
  http_.stop();
  if (predecessor_) predecessor_->leave();
  stop_workers();
  return 0;
}

void Control::watch() {
  (void)loop_->add_listener(signals_.get(), kSignalToken);
  if (listeners_.control() >= 0)
    (void)loop_->add_listener(listeners_.control(), kControlSocketToken);
  if (!predecessor_) return;
  (void)loop_->add(predecessor_->fd(), kPredecessorToken);
  predecessor_->begin(shared_);
  listeners_.own_files(true);
}

void Control::on_event(std::uint64_t token) {
  switch (token) {
    case kSignalToken: {
      signalfd_siginfo info{};
      while (::read(signals_.get(), &info, sizeof info) == sizeof info)
        on_signal(static_cast<int>(info.ssi_signo));
      break;
    }
    case kControlSocketToken: successor_.accept(*loop_, kSuccessorToken); break;
    case kSuccessorToken:
      if (successor_.on_event()) begin_leaving();
      for (StrayCancel& stray : successor_.take_strays()) strays_.of_successor(std::move(stray));
      break;
    case kPredecessorToken: on_predecessor(); break;
    default: break;
  }
}

void Control::tick(Instant now) {
  shared_.log.tick();
  if (!successor_.is_up()) http_.retry(predecessor_ != nullptr);
  if (successor_.is_up()) ask_snapshots({.leaving = true});
  if (now < next_sample_) return;
  next_sample_ = now + config_->settings.stats_period;
  ask_snapshots({.sample = true});
}

void Control::on_signal(int number) {
  using Wait = admin::Command::Wait;
  Log& log = shared_.log;
  switch (number) {
    case SIGHUP:
      log.write(LogLevel::kLog, "got SIGHUP, re-reading config");
      // Whoever has moved the file away wants a new one, whatever the configuration looks like.
      if (auto ok = log.reopen(); !ok) log.write(LogLevel::kError, ok.error().text);
      (void)reload();
      break;
    case SIGTERM:
    case SIGINT: {
      const char* name = number == SIGTERM ? "SIGTERM" : "SIGINT";
      const Wait wait = shutting_down_        ? Wait::Now
                        : number == SIGTERM   ? Wait::Clients
                                              : Wait::Servers;
      constexpr const char* kWays[] = {" while shutting down, fast exit",
                                       ", shutting down, waiting for all servers connections to "
                                       "be released",
                                       ", shutting down, waiting for all clients disconnect"};
      log.print(LogLevel::kLog, "got {}{}", name,
                kWays[wait == Wait::Now ? 0 : wait == Wait::Servers ? 1 : 2]);
      shut_down(wait);
      break;
    }
    case SIGQUIT:
      log.write(LogLevel::kLog, "got SIGQUIT, fast exit");
      shut_down(Wait::Now);
      break;
    case SIGUSR1: pause_by_signal(); break;
    case SIGUSR2: resume_by_signal(); break;
    default: break;
  }
}

void Control::pause_by_signal() {
  if (all_paused_) {
    shared_.log.write(LogLevel::kLog, "got SIGUSR1, but already paused");
    return;
  }
  shared_.log.write(LogLevel::kLog, "got SIGUSR1, pausing all activity");
  all_paused_ = true;
  broadcast(session::Letter::Kind::Pause, {});
}

void Control::resume_by_signal() {
  if (shutting_down_) {
    shared_.log.write(LogLevel::kLog, "got SIGUSR2 while shutting down, ignoring");
  } else if (!all_paused_) {
    shared_.log.write(LogLevel::kLog, "got SIGUSR2, but not paused");
  } else {
    shared_.log.write(LogLevel::kLog, "got SIGUSR2, continuing from PAUSE");
    all_paused_ = false;
    broadcast(session::Letter::Kind::Resume, {});
  }
}

void Control::on_message(ControlMessage& message) {
  if (message.kind == ControlMessage::Kind::Command) {
    on_command(message);
    return;
  }
  if (message.kind == ControlMessage::Kind::Question) {
    on_question(message);
    return;
  }
  if (message.kind == ControlMessage::Kind::Departed) {
    successor_.send(std::move(*message.record), std::move(message.fd));
    return;
  }
  if (message.kind == ControlMessage::Kind::Stray) return strays_.unknown_here(message);
  if (message.kind == ControlMessage::Kind::StrayOver) return strays_.over(message.client.index);
  const auto it = std::ranges::find(pending_, message.token, &Pending::token);
  if (it == pending_.end()) return;
  if (message.kind == ControlMessage::Kind::Snapshot) {
    message.snapshot.worker.reply_us = (net::read_clock() - it->asked).count();
    it->snapshots.push_back(std::move(message.snapshot));
  }
  it->found |= message.found;
  if (--it->missing > 0) return;
  Pending done = std::move(*it);
  pending_.erase(it);
  finish(done);
}

void Control::on_command(const ControlMessage& message) {
  Pending pending{.from_console = true, .worker = message.from, .client = message.client,
                  .command = admin::parse_command(message.command.text)};
  const std::string refused = admin::refusal(pending.command, view({}), message.command.admin);
  if (!refused.empty()) {
    refuse(pending, refused);
  } else if (message.command.stage == session::ConsoleCommand::Stage::Describe) {
    wire::Buffer description;
    admin::append_description(pending.command, view({}), description);
    reply(pending, std::move(description));
  } else {
    carry_out(std::move(pending));
  }
}

// A command against which nothing stands.
void Control::carry_out(Pending pending) {
  using Kind = admin::Command::Kind;
  using Letter = session::Letter::Kind;
  const admin::Command command = pending.command;
  if (const std::string line = admin::log_line(command); !line.empty())
    shared_.log.write(LogLevel::kLog, line);
  switch (command.kind) {
    case Kind::Invalid: refuse(pending, command.error); break;
    case Kind::Show:
      pending.with_sockets = admin::needs_sockets(command.what);
      pending.timings = admin::needs_timings(command.what);
      ask_snapshots(std::move(pending));
      break;
    case Kind::FakeSet: reply(pending, answer(pending)); break;
    case Kind::Pause:
      pause(command, true);
      broadcast(Letter::Pause, std::move(pending));
      break;
    case Kind::Resume:
      pause(command, false);
      broadcast(Letter::Resume, std::move(pending));
      break;
    case Kind::Kill:
      if (!command.database.empty()) {
        pause(command, true);
      } else {
        shared_.ledger.for_each_pool([this](const pool::PoolAccount& pool) {
          pause({.database = pool.database.name}, true);
        });
      }
      broadcast(Letter::Kill, std::move(pending));
      break;
    case Kind::KillClient: broadcast(Letter::KillClient, std::move(pending)); break;
    case Kind::Disable:
      disabled_.push_back(command.database);
      broadcast(Letter::Disable, std::move(pending));
      break;
    case Kind::Enable:
      std::erase(disabled_, command.database);
      broadcast(Letter::Enable, std::move(pending));
      break;
    case Kind::Reconnect: broadcast(Letter::Reconnect, std::move(pending)); break;
    case Kind::WaitClose: broadcast(Letter::WaitClose, std::move(pending)); break;
    case Kind::Reload:
      if (reload()) {
        reply(pending, answer(pending));
      } else {
        refuse(pending, "RELOAD failed, see logs for additional details", "F0000");
      }
      break;
    case Kind::Set:
      if (set(command)) {
        reply(pending, answer(pending));
      } else {
        refuse(pending, "SET failed");
      }
      break;
    case Kind::Shutdown:
      if (command.wait != admin::Command::Wait::Now) reply(pending, answer(pending));
      shut_down(command.wait);
      break;
  }
}

void Control::pause(const admin::Command& command, bool paused) {
  if (command.database.empty()) {
    all_paused_ = paused;
    return;
  }
  std::erase(paused_, command.database);
  if (paused) paused_.push_back(command.database);
}

void Control::broadcast(session::Letter::Kind kind, Pending pending, bool wait_for_clients) {
  pending.token = next_token_++;
  pending.missing = shared_.workers.size();
  const session::Letter letter{.kind = kind,
                               .from = static_cast<unsigned>(shared_.workers.size()),
                               .database = pending.command.database, .token = pending.token,
                               .client_number = pending.command.client,
                               .wait_for_clients = wait_for_clients};
  pending_.push_back(std::move(pending));
  for (auto& worker : shared_.workers)
    worker->post({.kind = WorkerMessage::Kind::Letter, .letter = letter});
}

void Control::ask_snapshots(Pending pending) {
  pending.token = next_token_++;
  pending.missing = shared_.workers.size();
  pending.asked = net::read_clock();
  const WorkerMessage message{.kind = WorkerMessage::Kind::Snapshot, .token = pending.token,
                              .with_sockets = pending.with_sockets, .timings = pending.timings};
  pending_.push_back(std::move(pending));
  for (auto& worker : shared_.workers)
    worker->post({.kind = message.kind, .token = message.token,
                  .with_sockets = message.with_sockets, .timings = message.timings});
}

// All workers have answered.
void Control::finish(Pending& pending) {
  if (pending.sample) {
    take_sample(pending);
  } else if (pending.leaving) {
    tick_leaving(pending.snapshots);
  } else if (pending.question) {
    std::ranges::sort(pending.snapshots, {}, [](const auto& shot) { return shot.worker.index; });
    http_.answer(pending.question_token, answer_question(pending));
  } else if (pending.command.kind == admin::Command::Kind::Shutdown) {
    stopped_ = true;
  } else if (!pending.from_console) {
    return;  // a signal's
  } else if (pending.command.kind == admin::Command::Kind::KillClient && !pending.found) {
    refuse(pending, "client not found");
  } else {
    reply(pending, answer(pending));
  }
}

void Control::take_sample(const Pending& pending) {
  const stats::Counters console = view(pending.snapshots).console;
  averages_.sample(loop_->now(), admin::merge_counters(pending.snapshots, console));
  if (!config_->settings.log_stats || !sampled_once_) {
    sampled_once_ = true;
    return;
  }
  const std::string line = admin::stats_line(
      averages_.total(admin::merge_counters(pending.snapshots, console), loop_->now()));
  shared_.log.write(LogLevel::kLog, line);
  notify_status(line);
  std::uint64_t failures = 0;
  for (const session::Snapshot& snapshot : pending.snapshots)
    failures += snapshot.tally.login_failures;
  if (failures > login_failures_)
    shared_.log.print(LogLevel::kLog, "failed logins: {}", failures - login_failures_);
  login_failures_ = failures;
}

std::vector<admin::HostRow> Control::hosts() const {
  std::vector<admin::HostRow> rows;
  for (const net::CachedName& name : shared_.resolver->names()) {
    admin::HostRow& row = rows.emplace_back(admin::HostRow{.name = name.host, .addresses = {}});
    row.ttl_s = std::chrono::duration_cast<std::chrono::seconds>(name.ttl).count();
    for (const net::Address& address : name.addresses)
      row.addresses += (row.addresses.empty() ? "" : ",") + address.text();
  }
  return rows;
}

admin::View Control::view(std::span<const session::Snapshot> snapshots) const {
  stats::Counters console;
  for (const session::Snapshot& worker : snapshots) console += worker.tally.console;
  return {.workers = snapshots, .config = *config_, .averages = averages_, .version = kVersion,
          .wall_us = wall_clock_us(), .now = net::read_clock(), .all_paused = all_paused_,
          .shutting_down = shutting_down_, .paused = paused_, .disabled = disabled_,
          .console = console, .names_wanted = shared_.resolver->pending()};
}

wire::Buffer Control::answer(const Pending& pending) const {
  wire::Buffer out;
  if (pending.command.kind == admin::Command::Kind::Show) {
    const std::vector<admin::HostRow> hosts = this->hosts();
    admin::View all = view(pending.snapshots);
    all.hosts = hosts;
    admin::render_show(pending.command, all, out);
  } else if (pending.command.kind == admin::Command::Kind::FakeSet) {
    admin::append_set_ignored(out);
  } else {
    admin::append_done(out, admin::tag(pending.command));
  }
  return out;
}

void Control::reply(const Pending& pending, wire::Buffer bytes) {
  if (!pending.from_console) return;
  shared_.workers[pending.worker]->post({.kind = WorkerMessage::Kind::Reply,
                                         .client = pending.client, .bytes = std::move(bytes)});
}

void Control::refuse(const Pending& pending, std::string_view text, std::string_view sqlstate) {
  shared_.log.write(LogLevel::kError, text);
  wire::Buffer out;
  admin::append_refused(out, text, sqlstate);
  reply(pending, std::move(out));
}

// Everything is read and checked first; only then is the running configuration replaced, whole.
bool Control::reload() {
  notify_reloading();
  const bool done = read_again();
  notify_ready();
  return done;
}

bool Control::read_again() {
  const config::DiskFiles files;
  config::Loaded loaded = config::reload(*config_, config_->settings.conffile, files);
  TlsContexts tls = load_tls(loaded, config_->settings.conffile);
  write_problems(shared_.log, loaded.problems);
  reloads_.last_failed = !loaded.config;
  ++(loaded.config ? reloads_.done : reloads_.failed);
  if (!loaded.config) {
    shared_.log.write(LogLevel::kError, "reload failed: the running configuration stays as it is");
    return false;
  }
  reloads_.loaded_us = wall_clock_us();
  distribute(options_.strict ? config::made_strict(loaded.config) : loaded.config, std::move(tls));
  return true;
}

bool Control::set(const admin::Command& command) {
  auto changed = config::with_setting(*config_, command.key, command.value);
  if (!changed) {
    shared_.log.write(LogLevel::kWarning, changed.error().text);
    return false;
  }
  TlsContexts tls = tls_;
  if (command.key.find("_tls") != std::string::npos) {  // others do not read the files again
    auto made = make_tls_contexts(**changed);
    if (!made) {
      shared_.log.write(LogLevel::kWarning, "TLS setup failed: " + made.error().text);
      return false;
    }
    tls = std::move(*made);
  }
  distribute(std::move(*changed), std::move(tls));
  return true;
}

void Control::distribute(std::shared_ptr<const config::Config> config, TlsContexts tls) {
  config_ = std::move(config);
  tls_ = std::move(tls);
  reloads_.hash = config::fingerprint(*config_);
  if (!successor_.is_up()) http_.configure(http_access(), predecessor_ != nullptr);
  if (auto ok = shared_.log.configure(log_options(*config_, options_)); !ok)
    shared_.log.write(LogLevel::kError, ok.error().text);
  shared_.resolver->set_ttls(config_->settings.dns_max_ttl, config_->settings.dns_nxdomain_ttl);
  for (auto& worker : shared_.workers)
    worker->post({.kind = WorkerMessage::Kind::Configure, .config = config_, .tls = tls_});
}

void Control::shut_down(admin::Command::Wait wait) {
  notify_stopping();
  ending_ = wait;
  if (wait == admin::Command::Wait::Now) {
    stopped_ = true;
    return;
  }
  shutting_down_ = true;
  for (auto& worker : shared_.workers) worker->post({.kind = WorkerMessage::Kind::StopTcp});
  Pending pending;
  pending.command.kind = admin::Command::Kind::Shutdown;
  broadcast(session::Letter::Kind::Shutdown, std::move(pending),
            wait == admin::Command::Wait::Clients);
}

void Control::stop_workers() {
  for (auto& worker : shared_.workers) worker->post({.kind = WorkerMessage::Kind::Stop});
}

void Control::say_farewell() const {
  if (ending_ != admin::Command::Wait::Now)
    shared_.log.write(LogLevel::kLog, ending_ == admin::Command::Wait::Clients
                                          ? "client connections dropped, exiting"
                                          : "server connections dropped, exiting");
}

}  // namespace weir::runtime
