#include "login/helpers.h"

#include <pthread.h>

#include <array>
#include <condition_variable>
#include <deque>
#include <list>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "auth/digest.h"
#include "base/check.h"

namespace weir::login {

namespace {

constexpr std::size_t kKinds = 3;

struct Request {
  auth::Question question;
  std::size_t consumer = 0;
};

struct Thread {
  std::thread handle;
  bool busy = false;
};

// The questions of one kind and who answers them.
struct Lane {
  std::deque<Request> queue;
  std::list<Thread> threads;
  std::size_t idle = 0;
  std::condition_variable arrived;
};

struct Consumer {
  net::Notifier* notifier = nullptr;
  std::deque<auth::Verdict> verdicts{};
};

auth::Verdict busy(const auth::Question& question) {
  return {.outcome = auth::Verdict::Outcome::Busy, .client = question.client};
}

}  // namespace

struct Helpers::State {
  std::mutex mutex;  // over everything below
  HelperOptions options;
  std::vector<Consumer> consumers;
  std::array<Lane, kKinds> lanes;
  bool stopped = false;

  void deliver(auth::Verdict verdict, std::size_t consumer);
  void run(Lane& lane, Thread& self);
  static bool start_thread(const std::shared_ptr<State>& state, Lane& lane);
};

void Helpers::State::deliver(auth::Verdict verdict, std::size_t number) {
  Consumer& consumer = consumers[number];
  consumer.verdicts.push_back(std::move(verdict));
  if (consumer.verdicts.size() == 1) consumer.notifier->notify();
}

void Helpers::State::run(Lane& lane, Thread& self) {
  ::pthread_setname_np(::pthread_self(), "weir-login");
  std::unique_lock lock(mutex);
  for (;;) {
    ++lane.idle;
    lane.arrived.wait(lock, [&] { return stopped || !lane.queue.empty(); });
    --lane.idle;
    if (stopped) return;
    Request request = std::move(lane.queue.front());
    lane.queue.pop_front();
    self.busy = true;
    lock.unlock();
    auth::Verdict verdict = options.answer(request.question);
    verdict.client = request.question.client;
    auth::wipe(request.question.password);
    lock.lock();
    self.busy = false;
    if (stopped) return;
    deliver(std::move(verdict), request.consumer);
  }
}

// False where the system has no more threads.
bool Helpers::State::start_thread(const std::shared_ptr<State>& state, Lane& lane) {
  Thread& thread = lane.threads.emplace_back();
  try {
    thread.handle = std::thread([state, &lane, &thread] { state->run(lane, thread); });
  } catch (const std::system_error&) {
    lane.threads.pop_back();
    return false;
  }
  return true;
}

Helpers::Helpers(const HelperOptions& options, std::vector<net::Notifier*> consumers)
    : state_(std::make_shared<State>()) {
  ASSERT(options.answer != nullptr && options.threads > 0);
  state_->options = options;
  for (net::Notifier* notifier : consumers) {
    ASSERT(notifier != nullptr);
    state_->consumers.push_back({.notifier = notifier});
  }
}

Helpers::~Helpers() {
  std::vector<std::thread> ending;
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopped = true;
    for (Lane& lane : state_->lanes) {
      for (Thread& thread : lane.threads) {
        if (thread.busy) {
          thread.handle.detach();
        } else {
          ending.push_back(std::move(thread.handle));
        }
      }
      lane.arrived.notify_all();
    }
  }
  for (std::thread& thread : ending) thread.join();
}

void Helpers::ask(auth::Question question, std::size_t consumer) {
  const std::lock_guard lock(state_->mutex);
  ASSERT(consumer < state_->consumers.size());
  Lane& lane = state_->lanes[static_cast<std::size_t>(question.kind)];
  const bool full = lane.queue.size() >= state_->options.queue_max;
  const bool needs_thread =
      lane.idle <= lane.queue.size() && lane.threads.size() < state_->options.threads;
  const bool started = !full && needs_thread && State::start_thread(state_, lane);
  if (full || (!started && lane.threads.empty())) {
    state_->deliver(busy(question), consumer);
    auth::wipe(question.password);
    return;
  }
  lane.queue.push_back({std::move(question), consumer});
  lane.arrived.notify_one();
}

bool Helpers::poll(auth::Verdict& out, std::size_t consumer) {
  const std::lock_guard lock(state_->mutex);
  ASSERT(consumer < state_->consumers.size());
  std::deque<auth::Verdict>& verdicts = state_->consumers[consumer].verdicts;
  if (verdicts.empty()) return false;
  out = std::move(verdicts.front());
  verdicts.pop_front();
  return true;
}

}  // namespace weir::login
