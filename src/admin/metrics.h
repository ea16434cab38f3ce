// What /metrics says: everything that prometheus-pgbouncer-exporter 0.12 makes of PgBouncer's
// console, under the same names, and what only Weir has. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "admin/view.h"
#include "stats/exposition.h"

namespace weir::admin {

// Until when our certificate for clients, servers or HTTP holds.
struct CertificateEnd {
  std::string_view side;
  std::int64_t end_s = 0;  // since 1970
};

// Of the process as the system sees it, and of its configuration.
struct ProcessFacts {
  double start_s = 0;  // since 1970
  double cpu_s = 0;
  std::uint64_t resident_bytes = 0, virtual_bytes = 0;
  double virtual_bytes_max = 0;  // 2^64 where there is no limit
  std::uint64_t descriptors = 0, descriptors_max = 0;
  double network_received_bytes = 0, network_sent_bytes = 0;  // of the machine, as the exporter's
  std::string_view weir_version;
  std::string config_hash;
  std::uint64_t reloads = 0, reloads_failed = 0;
  bool last_reload_failed = false;
  double config_loaded_s = 0;  // since 1970
  std::uint64_t log_lines_lost = 0;
  std::uint64_t http_denied = 0;
  std::vector<CertificateEnd> certificates = {};
};

// Needs no rows of clients and servers in `view`.
std::string render_metrics(const View& view, const ProcessFacts& facts,
                           stats::ExpositionFormat format);

// metrics_pgbouncer.cc, metrics_weir.cc and metrics_measures.cc: the parts.
void append_pgbouncer_metrics(const View& view, const ProcessFacts& facts,
                              stats::Exposition& out);
void append_weir_metrics(const View& view, const ProcessFacts& facts, stats::Exposition& out);
void append_measures(const View& view, stats::Exposition& out);

}  // namespace weir::admin
