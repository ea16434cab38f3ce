// The half of /metrics that only Weir has.
#include <array>
#include <map>
#include <string>

#include "admin/metrics.h"

namespace weir::admin {

namespace {

using enum stats::MetricType;
using session::Snapshot;
using stats::Label;

void append_one(stats::Exposition& out, const stats::MetricFamily& family, auto value) {
  out.begin(family);
  out.series({}, value);
}

// A series for each worker.
void append_workers(const View& view, stats::Exposition& out, const stats::MetricFamily& family,
                    auto value_of) {
  out.begin(family);
  for (const Snapshot& worker : view.workers)
    out.series(std::array{Label{"worker", std::to_string(worker.worker.index)}}, value_of(worker));
}

double seconds(auto us) { return static_cast<double>(us) * 1e-6; }

void append_build(const View& view, const ProcessFacts& f, stats::Exposition& out) {
  out.begin({"weir_build_info", Gauge, "What this is: always 1"});
  out.series(std::array{Label{"version", f.weir_version}, Label{"behaves_as", view.version}}, 1);
  append_one(out, {"weir_uptime_seconds", Gauge, "Since the process began"},
             seconds(view.wall_us) - f.start_s);
}

void append_reloads(const ProcessFacts& f, stats::Exposition& out) {
  out.begin({"weir_config_info", Gauge,
             "The configuration in force: the hash changes with any of its values, passwords "
             "excepted; always 1"});
  out.series(std::array{Label{"hash", f.config_hash}}, 1);
  append_one(out, {"weir_config_last_reload_successful", Gauge,
                   "Whether the last attempt to read the configuration was taken: 1, or 0"},
             f.last_reload_failed ? 0 : 1);
  append_one(out, {"weir_config_last_reload_success_timestamp_seconds", Gauge,
                   "When the configuration in force was read, since 1970"},
             f.config_loaded_s);
  out.begin({"weir_config_reloads_total", Counter,
             "Attempts to read the configuration again, by what came of them"});
  out.series(std::array{Label{"result", "success"}}, f.reloads);
  out.series(std::array{Label{"result", "failure"}}, f.reloads_failed);
}

void append_certificates(const ProcessFacts& f, stats::Exposition& out) {
  if (f.certificates.empty()) return;
  out.begin({"weir_certificate_expiry_timestamp_seconds", Gauge,
             "When our certificate for clients (client), servers (server) or HTTP (http) ends, "
             "since 1970"});
  for (const CertificateEnd& certificate : f.certificates)
    out.series(std::array{Label{"side", certificate.side}}, certificate.end_s);
}

void append_losses(const ProcessFacts& f, stats::Exposition& out) {
  append_one(out, {"weir_http_denied_total", Counter,
                   "Requests over HTTP without a token or password that holds"},
             f.http_denied);
  append_one(out, {"weir_log_lines_lost_total", Counter,
                   "Lines of the log that nobody took"}, f.log_lines_lost);
}

void append_worker_figures(const View& view, stats::Exposition& out) {
  append_workers(view, out, {"weir_worker_clients", Gauge, "Clients on each worker"},
                 [](const Snapshot& w) { return w.client_count; });
  append_workers(view, out, {"weir_worker_servers", Gauge, "Server connections on each worker"},
                 [](const Snapshot& w) { return w.server_count; });
  append_workers(view, out, {"weir_worker_cpu_seconds_total", Counter,
                             "CPU time of each worker's thread"},
                 [](const Snapshot& w) { return seconds(w.worker.cpu_us); });
  append_workers(view, out, {"weir_worker_loop_turns_total", Counter,
                             "How often each worker has looked for events"},
                 [](const Snapshot& w) { return w.worker.turns; });
  append_workers(view, out, {"weir_worker_mailbox_messages", Gauge,
                             "Messages that each worker found beside the one of this scrape"},
                 [](const Snapshot& w) { return w.worker.mailbox; });
  append_workers(view, out, {"weir_worker_reply_seconds", Gauge,
                             "How long each worker took to answer this scrape, with what it did "
                             "for clients first"},
                 [](const Snapshot& w) { return seconds(w.worker.reply_us); });
}

void append_memory(const View& view, stats::Exposition& out) {
  std::map<std::string_view, std::uint64_t> bytes;
  for (const Snapshot& worker : view.workers)
    for (const session::MemoryRow& row : worker.memory) bytes[row.name] += row.total;
  out.begin({"weir_memory_bytes", Gauge, "Memory of the workers' objects, as SHOW MEM names them"});
  for (const auto& [kind, total] : bytes) out.series(std::array{Label{"kind", kind}}, total);
}

}  // namespace

void append_weir_metrics(const View& view, const ProcessFacts& facts, stats::Exposition& out) {
  append_build(view, facts, out);
  append_reloads(facts, out);
  append_certificates(facts, out);
  append_losses(facts, out);
  append_worker_figures(view, out);
  append_memory(view, out);
}

}  // namespace weir::admin
