// The load generator: so many clients, each asking again as soon as it was answered. Prints one
// JSON object; see README.md for the figures.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "load_run.h"

namespace weir::bench {
namespace {

struct Options {
  LoadOptions load;
  Script::Options script;
  Gauges::Options watch;
  std::string user = "bench", database = "bench", password;
  bool hold = false, touch = false;
};

void declare(CLI::App& app, Options& o) {
  static const std::map<std::string, Mode> kModes{
      {"simple", Mode::kSimple}, {"extended", Mode::kExtended}, {"prepared", Mode::kPrepared}};
  app.add_option("--host", o.load.at.host, "IPv4 address of the server or pooler");
  app.add_option("--port", o.load.at.port, "its port")->required();
  app.add_option("--user", o.user);
  app.add_option("--database", o.database);
  app.add_option("--password", o.password, "for SCRAM-SHA-256 or clear text");
  app.add_option("--clients", o.load.clients);
  app.add_option("--seconds", o.load.seconds, "length of the measured stretch");
  app.add_option("--warm-up", o.load.warm_up_seconds, "seconds of the same in front of it");
  app.add_option("--transactions", o.load.transactions, "exactly so many instead of seconds");
  app.add_option("--mode", o.script.mode, "simple, extended or prepared")
      ->transform(CLI::CheckedTransformer(kModes));
  app.add_option("--statement", o.script.statement, "text; its $1 becomes a random number");
  app.add_option("--random", o.script.random_max, "the random number's maximum");
  app.add_option("--depth", o.script.depth, "statements in one pipeline");
  app.add_option("--copy-bytes", o.load.copy_bytes, "data for a COPY FROM STDIN statement");
  app.add_option("--copy-row", o.load.copy_row_size, "bytes of one of its rows");
  app.add_flag("--reconnect", o.load.reconnect, "a new connection for every transaction");
  app.add_flag("--hold", o.hold, "log in and stay idle until stdin is closed");
  app.add_flag("--touch", o.touch, "with --hold: one transaction by every client first");
  app.add_option("--watch", o.watch.processes, "process whose use of the machine is reported");
  app.add_flag("--count-calls", o.watch.count_calls, "count its system calls and instructions");
  app.add_option("--allocations", o.watch.allocations_file, "file of libcount_malloc.so in it");
}

nlohmann::json or_null(const std::optional<std::uint64_t>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json();
}

void print(const Outcome& outcome, const Options& o) {
  const nlohmann::json result{
      {"transactions", outcome.transactions},
      {"statements", outcome.transactions * static_cast<std::uint64_t>(o.script.depth)},
      {"seconds", outcome.seconds},
      {"tps", static_cast<double>(outcome.transactions) / outcome.seconds},
      {"bytes", outcome.bytes},
      {"errors", outcome.errors},
      {"first_error", outcome.first_error},
      {"latency_us",
       {{"p50", outcome.latency.quantile_us(0.5)},
        {"p99", outcome.latency.quantile_us(0.99)},
        {"p99.9", outcome.latency.quantile_us(0.999)},
        {"max", outcome.latency.longest_us()}}},
      {"cpu_ns", outcome.used.cpu_ns},
      {"system_calls", or_null(outcome.used.system_calls)},
      {"instructions", or_null(outcome.used.instructions)},
      {"allocations", or_null(outcome.used.allocations)},
  };
  fmt::print("{}\n", result.dump());
}

void hold(const LoadOptions& load) {
  fmt::print("{}\n", nlohmann::json{{"clients", load.clients}}.dump());
  std::fflush(stdout);
  char ignored = 0;
  while (read(STDIN_FILENO, &ignored, 1) > 0) {
  }
}

void run(const Options& o) {
  raise_descriptor_limit();
  Script script(o.script);
  Login login(o.user, o.database, o.password);
  LoadRun load(o.load, script, login);
  load.open_clients();
  if (o.hold) {
    if (o.touch) load.touch();
    hold(o.load);
  } else {
    const Gauges gauges(o.watch);
    print(load.measure(gauges), o);
  }
  load.finish();
}

}  // namespace
}  // namespace weir::bench

int main(int argc, char** argv) {
  weir::bench::Options options;
  CLI::App app("A load generator for PostgreSQL servers and poolers");
  weir::bench::declare(app, options);
  CLI11_PARSE(app, argc, argv);
  weir::bench::run(options);
}
