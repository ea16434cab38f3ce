#include "watch/sampler.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <utility>

#include "base/check.h"
#include "watch/login.h"

namespace weir::watch {

namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 5s;
constexpr auto kRetry = 1s;

struct Question {
  const char* command;
  Rows Sample::* answer;
  bool sockets;
};

constexpr std::array kQuestions{Question{"SHOW DATABASES", &Sample::databases, false},
                                Question{"SHOW USERS", &Sample::users, false},
                                Question{"SHOW CLIENTS", &Sample::clients, true},
                                Question{"SHOW SERVERS", &Sample::servers, true},
                                Question{"SHOW POOLS", &Sample::pools, false},
                                Question{"SHOW STATS_TOTALS", &Sample::totals, false}};

std::string time_of_day() { return fmt::format("{:%H:%M:%S}", fmt::localtime(std::time(nullptr))); }

}  // namespace

Result<Sample> take_sample(Console& console, bool with_sockets) {
  Sample sample;
  sample.where = console.where();
  sample.user = console.user();
  sample.has_sockets = with_sockets;
  const auto version = console.query("SHOW VERSION", kPatience);
  if (!version && console.is_lost()) return std::unexpected(version.error());
  if (!version) return fail(not_a_console(version.error().text));
  if (version->size() != 1) return fail(not_a_console("SHOW VERSION has no answer"));
  sample.version = text(version->front(), "version");
  for (const auto& [command, answer, sockets] : kQuestions) {
    if (sockets && !with_sockets) continue;
    auto rows = console.query(command, kPatience);
    if (!rows) {
      const std::string& reason = rows.error().text;
      return fail(console.is_lost() ? reason : not_a_console(reason));
    }
    sample.*answer = std::move(*rows);
  }
  sample.at = std::chrono::steady_clock::now();
  sample.clock = time_of_day();
  return sample;
}

Result<Console> open_console(const Parameters& parameters, std::stop_token stop) {
  return Console::connect(parameters, kPatience, std::move(stop));
}

// Signals are the main thread's, which has the screen.
Sampler::Sampler(Parameters parameters, Console console, Wish wish)
    : parameters_(std::move(parameters)),
      console_(std::move(console)),
      ready_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      wish_(wish) {
  ASSERT(ready_ >= 0);
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::jthread([this](std::stop_token stop) { run(std::move(stop)); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Sampler::~Sampler() {
  thread_.request_stop();
  thread_.join();
  close(ready_);
}

void Sampler::wish(const Wish& wish) {
  const std::lock_guard lock(mutex_);
  if (wish == wish_) return;
  wish_ = wish;
  wished_ = true;
  changed_.notify_all();
}

std::optional<Sampler::News> Sampler::take() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto read_bytes = read(ready_, &count, sizeof(count));
  const std::lock_guard lock(mutex_);
  return std::exchange(news_, std::nullopt);
}

void Sampler::run(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    const Wish wish = wish_;
    wished_ = false;
    std::chrono::seconds rest = wish.interval;
    if (!wish.paused) {
      lock.unlock();
      News news = ask(wish.sockets, stop);
      if (!news.sample) rest = kRetry;
      publish(std::move(news));
      lock.lock();
    }
    changed_.wait_for(lock, stop, rest, [this] { return wished_; });
  }
}

Sampler::News Sampler::ask(bool sockets, std::stop_token stop) {
  News news;
  if (!console_) {
    auto console = open_console(parameters_, std::move(stop));
    if (!console) {
      news.trouble = brief(console.error().text);
      return news;
    }
    console_ = std::move(*console);
    news.reconnected = true;
  }
  auto sample = take_sample(*console_, sockets);
  if (sample) {
    news.sample = std::move(*sample);
  } else {
    news.trouble = brief(sample.error().text);
    console_.reset();
  }
  return news;
}

void Sampler::publish(News news) {
  {
    const std::lock_guard lock(mutex_);
    if (news_) news.reconnected |= news_->reconnected;
    news_ = std::move(news);
  }
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = write(ready_, &one, sizeof(one));
}

}  // namespace weir::watch
