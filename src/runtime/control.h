// The control thread: signals, reloads, and the console's commands, which it carries out by asking
// every worker and waiting for all their answers. It never blocks a worker.
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "admin/averages.h"
#include "admin/command.h"
#include "admin/metrics.h"
#include "admin/view.h"
#include "config/problem.h"
#include "net/loop.h"
#include "runtime/http_service.h"
#include "runtime/predecessor.h"
#include "runtime/run.h"
#include "runtime/stray_cancels.h"
#include "runtime/successor.h"
#include "runtime/worker.h"

namespace weir::runtime {

class Control {
 public:
  struct Setup {
    Shared& shared;
    std::unique_ptr<net::Loop> loop;
    net::Fd signals;   // a signalfd
    const RunOptions& options;
    std::shared_ptr<const config::Config> config;
    TlsContexts tls;
    Listeners& listeners;
    std::unique_ptr<Predecessor> predecessor;  // null: none
  };
  explicit Control(Setup setup);

  net::Notifier& notifier() { return *loop_; }
  void open_http();  // before the workers run
  int run();  // until shutdown; the exit status
  void say_farewell() const;  // once the workers have ended: the last line of the log

 private:
  // A command that some workers have not answered yet.
  struct Pending {
    std::uint64_t token = 0;
    std::size_t missing = 0;  // answers
    bool from_console = false;
    bool found = false;  // some worker had what was asked for
    unsigned worker = 0;
    ClientId client{};
    admin::Command command{};
    std::vector<session::Snapshot> snapshots{};
    bool sample = false;  // taken for the averages
    bool leaving = false;  // whether anybody is left here
    bool with_sockets = false, timings = false;  // of the snapshots
    std::optional<http::Question> question{};  // one of the HTTP server's,
    std::uint64_t question_token = 0;          // which knows it by this
    Instant asked{};
  };

  void watch();
  void on_event(std::uint64_t token);
  void on_signal(int number);
  void pause_by_signal();
  void resume_by_signal();
  void on_message(ControlMessage& message);
  void on_command(const ControlMessage& message);
  void finish(Pending& pending);
  void broadcast(session::Letter::Kind kind, Pending pending, bool wait_for_clients = false);
  void ask_snapshots(Pending pending);
  void reply(const Pending& pending, wire::Buffer bytes);
  void refuse(const Pending& pending, std::string_view text, std::string_view sqlstate = "08P01");
  void carry_out(Pending pending);
  void pause(const admin::Command& command, bool paused);
  wire::Buffer answer(const Pending& pending) const;
  void take_sample(const Pending& pending);
  std::vector<admin::HostRow> hosts() const;
  admin::View view(std::span<const session::Snapshot> snapshots) const;
  bool reload();
  bool read_again();
  bool set(const admin::Command& command);
  void distribute(std::shared_ptr<const config::Config> config, TlsContexts tls);
  void shut_down(admin::Command::Wait wait);
  void stop_workers();
  void tick(Instant now);
  // control_http.cc
  http::Access http_access() const;
  void on_question(const ControlMessage& message);
  http::Answer answer_question(const Pending& pending) const;
  admin::ProcessFacts process_facts() const;
  http::Answer metrics(const Pending& pending) const;
  http::Answer readiness(std::span<const session::Snapshot> snapshots) const;
  // control_takeover.cc
  void begin_leaving();
  void tick_leaving(std::span<const session::Snapshot> snapshots);
  void on_predecessor();

  Shared& shared_;
  std::unique_ptr<net::Loop> loop_;
  net::Fd signals_;
  const RunOptions& options_;
  std::shared_ptr<const config::Config> config_;
  TlsContexts tls_;
  Listeners& listeners_;
  std::unique_ptr<Predecessor> predecessor_;
  Successor successor_;
  StrayCancels strays_{shared_, successor_, predecessor_};
  std::list<Pending> pending_;
  std::uint64_t next_token_ = 1;
  admin::Averages averages_;
  std::uint64_t login_failures_ = 0;  // when they were last logged
  Instant next_sample_{};
  struct Reloads {
    std::uint64_t done = 0, failed = 0;
    bool last_failed = false;
    std::int64_t loaded_us = 0;  // when the running configuration was read, since 1970
    std::string hash{};          // of it
  } reloads_;
  bool all_paused_ = false;
  std::vector<std::string> paused_, disabled_;  // databases
  admin::Command::Wait ending_ = admin::Command::Wait::Now;  // what a shutdown waits for
  bool shutting_down_ = false;
  bool sampled_once_ = false;
  bool stopped_ = false;
  HttpService http_;
};

std::int64_t wall_clock_us();  // since 1970

// The log's options as the configuration gives them.
LogOptions log_options(const config::Config& config, const RunOptions& options);
// Writes what loading a configuration found.
void write_problems(Log& log, const config::Problems& problems);

}  // namespace weir::runtime
