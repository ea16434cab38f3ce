#include "watch/live_figures.h"

#include <fmt/format.h>

#include "watch/figures.h"

namespace weir::watch {

using namespace std::chrono_literals;

std::string describe(const Reading& before, const Reading& now) {
  const Rates rates = rates_between(before, now);
  return fmt::format(
      "clients {} + {} waiting | servers {} busy, {} idle | {:.0f} tx/s, {:.0f} queries/s of "
      "{} | in {}/s, out {}/s",
      now.clients_active, now.clients_waiting, now.servers_busy, now.servers_idle,
      rates.transactions, rates.queries, time_text(rates.query_us), bytes_text(rates.bytes_in),
      bytes_text(rates.bytes_out));
}

Result<Reading> LiveFigures::read() {
  if (!console_) {
    auto console = Console::connect(parameters_, 1s);
    if (!console) return std::unexpected(console.error());
    console_ = std::move(*console);
  }
  const auto pools = console_->query("SHOW POOLS", 1s);
  const auto totals = pools ? console_->query("SHOW STATS_TOTALS", 1s) : pools;
  if (!totals) {
    console_.reset();
    return std::unexpected(totals.error());
  }
  return reading_of(*pools, *totals, std::chrono::steady_clock::now());
}

std::string LiveFigures::line() {
  const auto now = read();
  if (!now) return "no figures: " + now.error().text;
  const Reading before = last_.value_or(*now);
  last_ = *now;
  return describe(before, *now);
}

}  // namespace weir::watch
