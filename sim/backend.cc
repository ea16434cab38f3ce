#include "backend.h"

#include "cluster.h"
#include "tag.h"
#include "wire/message.h"
#include "wire/startup.h"

namespace weir::sim {

Backend::Backend(World& world, Cluster& cluster, std::shared_ptr<Cable> cable, std::uint32_t pid)
    : world_(world), cluster_(cluster), cable_(std::move(cable)), pid_(pid),
      key_(static_cast<std::uint32_t>(world.random.next())) {
  cable_->on_wake(kEnd, [this] { woken(); });
}

Backend::~Backend() { cable_->on_wake(kEnd, {}); }

void Backend::woken() {
  if (cable_->broken(kEnd)) {
    out_.clear();
    return go();
  }
  flush();
  if (phase_ == Phase::Gone) return;
  in_ += cable_->read(kEnd, 1 << 20);
  if (phase_ == Phase::Startup) read_startup();
  if (phase_ == Phase::Running) work();
  // A backend in the middle of a query finds out later; that it then ends is all that matters.
  if (cable_->at_end(kEnd) && phase_ != Phase::Canceling) go();
}

void Backend::read_startup() {
  const std::size_t size = wire::startup_size(as_bytes(in_));
  if (size == 0 || in_.size() < size) return;
  const auto startup = wire::parse_startup(as_bytes(std::string_view(in_).substr(0, size)));
  in_.erase(0, size);
  if (!startup) {
    world_.fail("the pooler sent a server a bad startup packet: " + startup.error().text);
    return;
  }
  if (startup->kind == wire::Startup::Kind::Ssl) {
    out_ += 'N';
    return flush();
  }
  if (startup->kind == wire::Startup::Kind::Cancel) {
    phase_ = Phase::Canceling;
    cluster_.cancel_later(startup->cancel_pid, startup->cancel_key, *this);
    return;
  }
  wire::Buffer answer;
  if (cluster_.is_starting()) {
    wire::append_error(answer, {.severity = "FATAL", .sqlstate = "57P03",
                                .message = "the database system is starting up"});
    out_ += as_text(answer);
    return go();
  }
  session_ = std::make_unique<Postgres>(startup->settings, !startup->replication.empty());
  out_ += session_->greeting();
  wire::Writer(answer, wire::be::kBackendKeyData).u32(pid_).u32(key_);
  wire::append_ready(answer, 'I');
  out_ += as_text(answer);
  phase_ = Phase::Running;
  world_.trace("backend " + std::to_string(pid_) + " runs");
  flush();
}

void Backend::work() {
  while (!busy_ && phase_ == Phase::Running) {
    auto request = take_request(in_);
    if (!request) return;
    if (request->type == 'X') return go();
    watch_owner(*request);
    if (world_.failed()) return;
    const int sleep = session_->sleep_ms(*request);
    const int work_us = world_.random.percent(30) ? world_.random.between(1, 2000) : 0;
    if (sleep == 0 && work_us == 0) {
      finish(*request, false);
      continue;
    }
    busy_ = true;
    current_ = std::move(*request);
    world_.after(Duration{sleep * 1000 + work_us}, [this, turn = turn_] {
      if (phase_ != Phase::Running || turn != turn_) return;
      busy_ = false;
      finish(current_, false);
      work();
    });
  }
}

// A transaction is one client's from its begin to its end, a connection that replicates always.
void Backend::watch_owner(const Request& request) {
  if (!session_->in_the_middle() && !session_->replicates()) owner_.clear();
  const std::string tag = client_tag(request.body);
  if (tag.empty()) return;
  if (!owner_.empty() && owner_ != tag)
    world_.fail("backend " + std::to_string(pid_) + ": " + tag + " in the transaction of " +
                owner_);
  owner_ = tag;
}

void Backend::finish(const Request& request, bool canceled) {
  ++turn_;
  if (world_.verbose())
    world_.trace("backend " + std::to_string(pid_) + " does " + shown(request));
  out_ += session_->handle(request, canceled);
  flush();
}

void Backend::cancel() {
  if (phase_ != Phase::Running || !busy_ || session_->sleep_ms(current_) == 0) return;
  busy_ = false;
  finish(current_, true);
  work();
}

void Backend::terminate(bool politely) {
  if (phase_ == Phase::Gone) return;
  if (politely) {
    wire::Buffer answer;
    wire::append_error(answer, {.severity = "FATAL", .sqlstate = "57P01",
                                .message = "terminating connection due to administrator command"});
    out_ += as_text(answer);
  } else {
    out_.clear();
    cable_->reset(kEnd);
  }
  go();
}

void Backend::flush() {
  if (!out_.empty()) out_.erase(0, cable_->write(kEnd, out_));
  if (out_.empty() && phase_ == Phase::Gone) cable_->finish(kEnd);
}

void Backend::go() {
  if (phase_ == Phase::Gone) return;
  phase_ = Phase::Gone;
  flush();
  world_.trace("backend " + std::to_string(pid_) + " ends");
}

}  // namespace weir::sim
