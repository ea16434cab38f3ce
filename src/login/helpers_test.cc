#include "login/helpers.h"

#include <doctest/doctest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace weir::login {

namespace {

using auth::Question;
using auth::Verdict;

// A door that the questions of LDAP wait at.
struct Door {
  std::mutex mutex;
  std::condition_variable moved;
  bool open = true;
  int waiting = 0;

  void set(bool now_open) {
    const std::lock_guard lock(mutex);
    open = now_open;
    moved.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex);
    ++waiting;
    moved.notify_all();
    moved.wait(lock, [this] { return open; });
    --waiting;
    moved.notify_all();
  }
  void wait_for(int count) {
    std::unique_lock lock(mutex);
    moved.wait(lock, [this, count] { return waiting == count; });
  }
};

Door& door() {
  static Door the_door;
  return the_door;
}

Verdict test_answer(const Question& question) {
  if (question.kind == Question::Kind::Ldap) door().pass();
  return {.outcome = question.password == "right" ? Verdict::Outcome::Yes : Verdict::Outcome::No,
          .text = question.user};
}

struct Bell final : net::Notifier {
  std::mutex mutex;
  std::condition_variable rung;
  int count = 0;

  void notify() override {
    const std::lock_guard lock(mutex);
    ++count;
    rung.notify_all();
  }
  Verdict next(Helpers& helpers, std::size_t consumer = 0) {
    Verdict verdict;
    std::unique_lock lock(mutex);
    while (true) {
      lock.unlock();
      if (helpers.poll(verdict, consumer)) return verdict;
      lock.lock();
      const int seen = count;
      rung.wait_for(lock, std::chrono::milliseconds(50), [&] { return count != seen; });
    }
  }
};

Question question(Question::Kind kind, std::uint32_t client, std::string password = "right") {
  return {.kind = kind, .client = {client, 1}, .user = "bob", .password = std::move(password)};
}

}  // namespace

TEST_CASE("each question gets its answer, at its own consumer") {
  Bell bells[2];
  Helpers helpers({.answer = &test_answer}, {&bells[0], &bells[1]});
  for (std::uint32_t i = 0; i < 200; ++i)
    helpers.ask(question(Question::Kind::Pam, i, i % 3 == 0 ? "right" : "wrong"), i % 2);
  for (std::size_t consumer = 0; consumer < 2; ++consumer) {
    std::vector<bool> seen(200);
    for (int i = 0; i < 100; ++i) {
      const Verdict verdict = bells[consumer].next(helpers, consumer);
      CHECK(verdict.client.index % 2 == consumer);
      CHECK_FALSE(seen[verdict.client.index]);
      seen[verdict.client.index] = true;
      CHECK(verdict.text == (verdict.outcome == Verdict::Outcome::Busy ? "" : "bob"));
      if (verdict.outcome == Verdict::Outcome::Busy) continue;
      CHECK((verdict.outcome == Verdict::Outcome::Yes) == (verdict.client.index % 3 == 0));
    }
    Verdict none;
    CHECK_FALSE(helpers.poll(none, consumer));
  }
}

TEST_CASE("one kind that hangs holds up no other, and refuses more than it can queue") {
  Bell bell;
  door().set(false);
  {
    Helpers helpers({.threads = 2, .queue_max = 3, .answer = &test_answer}, {&bell});
    for (std::uint32_t i = 0; i < 2; ++i) helpers.ask(question(Question::Kind::Ldap, i));
    door().wait_for(2);
    for (std::uint32_t i = 2; i < 6; ++i) helpers.ask(question(Question::Kind::Ldap, i));
    const Verdict busy = bell.next(helpers);
    CHECK(busy.outcome == Verdict::Outcome::Busy);
    CHECK(busy.client == ClientId{5, 1});
    helpers.ask(question(Question::Kind::Pam, 9));
    const Verdict other = bell.next(helpers);
    CHECK(other.outcome == Verdict::Outcome::Yes);
    CHECK(other.client == ClientId{9, 1});
    door().set(true);
    for (int i = 0; i < 5; ++i) CHECK(bell.next(helpers).outcome == Verdict::Outcome::Yes);
  }
}

TEST_CASE("the end does not wait for a question that hangs") {
  Bell bell;
  door().set(false);
  {
    Helpers helpers({.threads = 1, .answer = &test_answer}, {&bell});
    helpers.ask(question(Question::Kind::Ldap, 1));
    door().wait_for(1);
  }
  door().set(true);
  door().wait_for(0);
  CHECK(bell.count == 0);
}

}  // namespace weir::login
