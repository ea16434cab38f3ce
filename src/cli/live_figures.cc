#include "cli/live_figures.h"

#include <fmt/format.h>

#include <charconv>

namespace weir::cli {

namespace {

using namespace std::chrono_literals;

std::uint64_t number(const Row& row, std::string_view column) {
  const auto found = row.find(column);
  std::uint64_t value = 0;
  if (found == row.end()) return value;
  std::from_chars(found->second.data(), found->second.data() + found->second.size(), value);
  return value;
}

bool is_console(const Row& row) {
  const auto database = row.find("database");
  return database != row.end() && database->second == "pgbouncer";
}

// Counters begin anew when a pool is dropped.
double rate(std::uint64_t before, std::uint64_t now, double seconds) {
  return now < before || seconds <= 0 ? 0 : static_cast<double>(now - before) / seconds;
}

std::string bytes(double count) {
  if (count < 1e3) return fmt::format("{:.0f} B", count);
  return count < 1e6 ? fmt::format("{:.1f} kB", count / 1e3)
                     : fmt::format("{:.1f} MB", count / 1e6);
}

}  // namespace

Reading reading_of(const Rows& pools, const Rows& stats) {
  Reading reading;
  for (const auto& pool : pools) {
    if (is_console(pool)) continue;
    reading.clients_active += number(pool, "cl_active");
    reading.clients_waiting += number(pool, "cl_waiting");
    reading.servers_busy += number(pool, "sv_active");
    reading.servers_idle += number(pool, "sv_idle") + number(pool, "sv_used");
  }
  for (const auto& database : stats) {
    if (is_console(database)) continue;
    reading.transactions += number(database, "total_xact_count");
    reading.queries += number(database, "total_query_count");
    reading.query_us += number(database, "total_query_time");
    reading.bytes_in += number(database, "total_received");
    reading.bytes_out += number(database, "total_sent");
  }
  reading.at = std::chrono::steady_clock::now();
  return reading;
}

std::string describe(const Reading& before, const Reading& now) {
  const double seconds = std::chrono::duration<double>(now.at - before.at).count();
  const double queries = rate(before.queries, now.queries, seconds);
  const double mean_ms =
      queries > 0 ? rate(before.query_us, now.query_us, seconds) / queries / 1e3 : 0;
  return fmt::format(
      "clients {} + {} waiting | servers {} busy, {} idle | {:.0f} tx/s, {:.0f} queries/s of "
      "{:.2f} ms | in {}/s, out {}/s",
      now.clients_active, now.clients_waiting, now.servers_busy, now.servers_idle,
      rate(before.transactions, now.transactions, seconds), queries, mean_ms,
      bytes(rate(before.bytes_in, now.bytes_in, seconds)),
      bytes(rate(before.bytes_out, now.bytes_out, seconds)));
}

Result<Reading> LiveFigures::read() {
  if (!console_) {
    auto console = Console::connect(address_, 1s);
    if (!console) return std::unexpected(console.error());
    console_ = std::move(*console);
  }
  const auto pools = console_->query("SHOW POOLS", 1s);
  const auto stats = pools ? console_->query("SHOW STATS", 1s) : pools;
  if (!stats) {
    console_.reset();
    return std::unexpected(stats.error());
  }
  return reading_of(*pools, *stats);
}

std::string LiveFigures::line() {
  const auto now = read();
  if (!now) return "no figures: " + now.error().text;
  const Reading before = last_.value_or(*now);
  last_ = *now;
  return describe(before, *now);
}

}  // namespace weir::cli
