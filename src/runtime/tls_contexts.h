// The TLS of both sides as a configuration wants it: made when it is loaded, so that a bad file is
// a problem of the configuration, and shared by all workers.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "config/load.h"
#include "net/tls_context.h"

namespace weir::runtime {

struct TlsContexts {
  std::shared_ptr<const net::TlsContext> clients;  // null: they are not offered TLS
  std::shared_ptr<const net::TlsContext> servers;  // null: they are not asked for it
  std::shared_ptr<const net::TlsContext> http;     // null: HTTP in the clear
};

std::expected<TlsContexts, net::TlsProblem> make_tls_contexts(const config::Config& config);

// Completes what was loaded from `path`. With a problem there is no configuration.
TlsContexts load_tls(config::Loaded& loaded, const std::string& path);

}  // namespace weir::runtime
