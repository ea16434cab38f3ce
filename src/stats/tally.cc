#include "stats/tally.h"

#include <span>

namespace weir::stats {

namespace {

constexpr std::array<std::string_view, 9> kTimeouts{
    "query_timeout", "query_wait_timeout", "transaction_timeout", "idle_transaction_timeout",
    "client_idle_timeout", "client_login_timeout", "server_connect_timeout",
    "cancel_wait_timeout", "own_query"};
constexpr std::array<std::string_view, 13> kClientEnds{
    "closed", "vanished", "tls_failed", "protocol", "login_refused", "limit", "timed_out",
    "no_server", "server_lost", "disallowed", "administrator", "shutdown", "cancel_request"};
constexpr std::array<std::string_view, 18> kServerEnds{
    "lifetime", "idle", "obsolete", "paused", "oversized", "evicted", "unclear", "half_sent",
    "client_left", "check_failed", "settings_refused", "lost", "replication", "removed",
    "administrator", "cancel_request", "unreachable", "login_refused"};
constexpr std::array<std::string_view, 6> kCancels{"asked", "sent", "forwarded", "waiting",
                                                   "nothing", "lost"};
constexpr std::array<std::string_view, 4> kPrepared{"hit", "miss", "eviction", "stale"};
constexpr std::array<std::string_view, 2> kSettings{"applied", "asked"};
constexpr std::array<std::string_view, 3> kPins{"session_object", "prepare", "computed_name"};
constexpr std::array<std::string_view, 2> kHandOvers{"given", "taken"};

void append(std::vector<CountRow>& out, std::string_view name, std::string_view label,
            std::span<const std::string_view> values, std::span<const std::uint64_t> counts) {
  for (std::size_t i = 0; i < counts.size(); ++i)
    out.push_back({.name = name, .labels = {{{label, values[i]}, {}}}, .value = counts[i]});
}

void append(std::vector<CountRow>& out, std::string_view source, const SqlStates& errors) {
  for (std::size_t i = 0; i < SqlStates::kRows; ++i)
    if (errors.value(i) > 0)
      out.push_back({.name = "errors",
                     .labels = {{{"source", source}, {"sqlstate", SqlStates::name(i)}}},
                     .value = errors.value(i)});
}

void append(std::vector<CountRow>& out, const Counts<Handshake, 4>& handshakes) {
  const auto row = [&](std::string_view side, std::string_view result, Handshake kind) {
    out.push_back({.name = "tls_handshakes", .labels = {{{"side", side}, {"result", result}}},
                   .value = handshakes[kind]});
  };
  row("client", "done", Handshake::ClientDone);
  row("client", "failed", Handshake::ClientFailed);
  row("server", "done", Handshake::ServerDone);
  row("server", "failed", Handshake::ServerFailed);
}

}  // namespace

Tally& Tally::operator+=(const Tally& other) {
  console += other.console;
  login_failures += other.login_failures;
  server_logins += other.server_logins;
  timeouts += other.timeouts;
  client_ends += other.client_ends;
  server_ends += other.server_ends;
  cancels += other.cancels;
  prepared += other.prepared;
  settings += other.settings;
  pins += other.pins;
  handovers += other.handovers;
  handshakes += other.handshakes;
  server_errors += other.server_errors;
  pooler_errors += other.pooler_errors;
  return *this;
}

std::vector<CountRow> rows(const Tally& tally) {
  std::vector<CountRow> out;
  append(out, "cancels", "stage", kCancels, tally.cancels.all());
  append(out, "client_disconnects", "reason", kClientEnds, tally.client_ends.all());
  append(out, "server", tally.server_errors);
  append(out, "pooler", tally.pooler_errors);
  append(out, "handovers", "direction", kHandOvers, tally.handovers.all());
  out.push_back({.name = "login_failures", .labels = {}, .value = tally.login_failures});
  append(out, "pins", "reason", kPins, tally.pins.all());
  append(out, "prepared_statements", "event", kPrepared, tally.prepared.all());
  append(out, "server_disconnects", "reason", kServerEnds, tally.server_ends.all());
  out.push_back({.name = "server_logins", .labels = {}, .value = tally.server_logins});
  append(out, "settings", "event", kSettings, tally.settings.all());
  append(out, "timeouts", "kind", kTimeouts, tally.timeouts.all());
  append(out, tally.handshakes);
  return out;
}

}  // namespace weir::stats
