// The threads that ask PAM, LDAP and the system's user list about logins, so that no worker waits.
// Each kind of question has its own few, started when they are first needed: a slow LDAP server
// delays nobody but those who log in by it. Any thread may call; answers wake their consumer.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "auth/question.h"
#include "net/notifier.h"

namespace weir::login {

struct HelperOptions {
  std::size_t threads = 8;      // for each kind of question
  std::size_t queue_max = 128;  // questions of a kind that wait; beyond it the answer is Busy
  auth::Verdict (*answer)(const auth::Question& question);
};

class Helpers {
 public:
  // The notifiers, one a consumer, must outlive this and must not call it back.
  Helpers(const HelperOptions& options, std::vector<net::Notifier*> consumers);
  // Returns at once, even while a question hangs: its thread then ends by itself.
  ~Helpers();
  Helpers(const Helpers&) = delete;
  Helpers& operator=(const Helpers&) = delete;

  // Every question gives exactly one verdict.
  void ask(auth::Question question, std::size_t consumer = 0);
  // False when nothing has come for this consumer.
  bool poll(auth::Verdict& out, std::size_t consumer = 0);

 private:
  struct State;

  // Shared with the threads, which outlive this when a question hangs at shutdown.
  std::shared_ptr<State> state_;
};

}  // namespace weir::login
