#include "watch/top.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <clocale>
#include <thread>

#include "watch/history.h"
#include "watch/login.h"
#include "watch/sampler.h"
#include "watch/screen.h"
#include "watch/terminal.h"

namespace weir::watch {

namespace {

Sampler::Wish wish_of(const State& state) {
  return {.interval = state.interval, .sockets = needs_sockets(state.view), .paused = state.paused};
}

// Draws, waits for a key or a sample, takes it in, until somebody quits.
class Session {
 public:
  Session(State state, Sampler& sampler, Sample first) : state_(state), sampler_(sampler) {
    history_.add(std::move(first), false);
  }

  void run() {
    while (!state_.quit) {
      show();
      wait();
      take_sample();
      take_keys();
      sampler_.wish(wish_of(state_));
    }
  }

 private:
  Table shown() const { return shown_table(state_, history_.now(), history_.before()); }
  std::size_t page() const { return page_of(terminal_.size()); }

  void show() {
    const Table table = shown();
    follow(state_, table, page());
    const Picture picture{history_.now(), history_.before(), trouble_};
    terminal_.show(draw(state_, picture, table, terminal_.size()));
  }

  // A change of the window's size interrupts it. With its terminal gone it ends.
  void wait() {
    std::array<pollfd, 2> both{{{STDIN_FILENO, POLLIN, 0}, {sampler_.fd(), POLLIN, 0}}};
    if (poll(both.data(), both.size(), -1) < 0) return;
    if ((both[0].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) state_.quit = true;
  }

  void take_sample() {
    auto news = sampler_.take();
    if (!news) return;
    trouble_ = news->trouble;
    if (news->sample) history_.add(std::move(*news->sample), news->reconnected);
  }

  void take_keys() {
    while (const auto key = terminal_.key()) {
      const Table table = shown();
      follow(state_, table, page());
      press(state_, *key, table, page());
    }
  }

  State state_;
  Sampler& sampler_;
  Terminal terminal_;
  History history_;
  std::string trouble_;
};

void print_table(View view, const Sample& now, const Sample* before) {
  State state;
  state.view = view;
  const Table table = shown_table(state, now, before);
  const auto widths = layout(table, INT_MAX);
  fmt::print("\n{}\n", title_text(table, widths, nullptr));
  for (const Line& line : table.lines) fmt::print("{}\n", line_text(table, line, widths));
}

// Rates need two samples, and so an interval between them.
Result<void> print_once(Console& console, const TopOptions& options) {
  const bool sockets = options.view && needs_sockets(*options.view);
  const auto before = take_sample(console, false);
  if (!before) return std::unexpected(before.error());
  std::this_thread::sleep_for(std::chrono::seconds(options.interval));
  const auto now = take_sample(console, sockets);
  if (!now) return std::unexpected(now.error());
  fmt::print("{}, {}\n{}\n{}\n", title_line(*now), now->clock, sums_line(*now),
             rates_line(*now, &*before));
  if (options.view) {
    print_table(*options.view, *now, &*before);
  } else {
    for (const View view : {View::Pools, View::Databases}) print_table(view, *now, &*before);
  }
  return {};
}

// The first connection and sample come before the screen: what is wrong can be told in full.
Result<void> run(const TopOptions& options) {
  const auto parameters = console_parameters(options.connection_string);
  if (!parameters) return std::unexpected(parameters.error());
  const bool on_screen = !options.once && Terminal::is_there();
  if (const auto checked = on_screen ? Terminal::check() : Result<void>(); !checked) return checked;
  auto console = open_console(*parameters);
  if (!console) return fail(explain_refusal(console.error().text));
  if (!on_screen) return print_once(*console, options);
  State state;
  state.view = options.view.value_or(View::Pools);
  state.interval = std::chrono::seconds(options.interval);
  auto first = take_sample(*console, needs_sockets(state.view));
  if (!first) return std::unexpected(first.error());
  Sampler sampler(*parameters, std::move(*console), wish_of(state));
  Session(std::move(state), sampler, std::move(*first)).run();
  return {};
}

}  // namespace

int top(const TopOptions& options) {
  std::setlocale(LC_CTYPE, "");
  const auto done = run(options);
  if (done) return 0;
  fmt::print(stderr, "weir: {}\n", done.error().text);
  return 1;
}

}  // namespace weir::watch
