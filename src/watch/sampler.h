// Asks a console again and again, on a thread of its own, so that a slow network never holds the
// keyboard. Reconnects by itself. All of it may be called by one other thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "watch/console.h"
#include "watch/sample.h"

namespace weir::watch {

// One round of questions.
Result<Sample> take_sample(Console& console, bool with_sockets);
Result<Console> open_console(const Parameters& parameters, std::stop_token stop = {});

class Sampler {
 public:
  struct Wish {
    std::chrono::seconds interval;
    bool sockets = false, paused = false;

    bool operator==(const Wish&) const = default;
  };
  struct News {
    std::optional<Sample> sample;
    std::string trouble;       // why there is none; empty: it is only not yet time
    bool reconnected = false;  // counters before this sample may be those of another process
  };

  Sampler(Parameters parameters, Console console, Wish wish);

  // With another wish than before it asks at once, and then by the interval.
  void wish(const Wish& wish);
  // What came since the last call. fd() is readable when there may be something.
  std::optional<News> take();
  int fd() const { return ready_; }

  Sampler(const Sampler&) = delete;
  Sampler& operator=(const Sampler&) = delete;
  ~Sampler();

 private:
  void run(std::stop_token stop);
  News ask(bool sockets, std::stop_token stop);
  void publish(News news);

  const Parameters parameters_;
  std::optional<Console> console_;  // the thread's
  int ready_ = -1;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  Wish wish_;
  bool wished_ = false;
  std::optional<News> news_;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace weir::watch
