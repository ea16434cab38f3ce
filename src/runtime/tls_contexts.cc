#include "runtime/tls_contexts.h"

namespace weir::runtime {

namespace {

using config::SslMode;
using net::TlsSettings;

// client_tls_sslmode has no names to compare: verify-full is verify-ca there.
TlsSettings::Verify verification(SslMode mode) {
  if (mode < SslMode::VerifyCa) return TlsSettings::Verify::None;
  return mode == SslMode::VerifyCa ? TlsSettings::Verify::Authority : TlsSettings::Verify::Host;
}

TlsSettings for_clients(const config::Settings& s) {
  return {.side = TlsSettings::Side::Clients, .verify = verification(s.client_tls_sslmode),
          .key_file = s.client_tls_key_file, .cert_file = s.client_tls_cert_file,
          .ca_file = s.client_tls_ca_file, .protocols = s.client_tls_protocols,
          .ciphers = s.client_tls_ciphers, .tls13_ciphers = s.client_tls13_ciphers,
          .ecdhcurve = s.client_tls_ecdhcurve, .dheparams = s.client_tls_dheparams};
}

TlsSettings for_servers(const config::Settings& s) {
  return {.side = TlsSettings::Side::Servers, .verify = verification(s.server_tls_sslmode),
          .key_file = s.server_tls_key_file, .cert_file = s.server_tls_cert_file,
          .ca_file = s.server_tls_ca_file, .protocols = s.server_tls_protocols,
          .ciphers = s.server_tls_ciphers, .tls13_ciphers = s.server_tls13_ciphers};
}

TlsSettings for_http(const config::WeirSettings& s) {
  return {.side = TlsSettings::Side::Http, .key_file = s.http_tls_key_file,
          .cert_file = s.http_tls_cert_file};
}

bool http_is_encrypted(const config::Config& config) {
  return config.http_port() != 0 &&
         !(config.weir.http_tls_cert_file.empty() && config.weir.http_tls_key_file.empty());
}

}  // namespace

std::expected<TlsContexts, net::TlsProblem> make_tls_contexts(const config::Config& config) {
  const config::Settings& settings = config.settings;
  TlsContexts out;
  if (settings.client_tls_sslmode != SslMode::Disable) {
    auto made = net::TlsContext::make(for_clients(settings));
    if (!made) return std::unexpected(made.error());
    out.clients = std::move(*made);
  }
  if (settings.server_tls_sslmode != SslMode::Disable) {
    auto made = net::TlsContext::make(for_servers(settings));
    if (!made) return std::unexpected(made.error());
    out.servers = std::move(*made);
  }
  if (http_is_encrypted(config)) {
    auto made = net::TlsContext::make(for_http(config.weir));
    if (!made) return std::unexpected(made.error());
    out.http = std::move(*made);
  }
  return out;
}

TlsContexts load_tls(config::Loaded& loaded, const std::string& path) {
  if (!loaded.config) return {};
  auto made = make_tls_contexts(*loaded.config);
  if (made) return std::move(*made);
  const std::string& setting = made.error().setting;
  config::Place place{.file = path};
  // A setting that is missing is missed by the mode.
  const std::string side = setting.substr(0, setting.find("tls"));
  const std::string section = side == "http_" ? "weir/" : "pgbouncer/";
  for (const std::string& key : {setting, side + "tls_sslmode", side + "tls_cert_file",
                                 side + "tls_key_file"}) {
    const auto at = loaded.places.find(section + key);
    if (at == loaded.places.end()) continue;
    place = at->second;
    break;
  }
  loaded.problems.push_back({config::Severity::Error, place.file, place.line,
                             "TLS setup failed: " + made.error().text});
  loaded.config.reset();
  return {};
}

}  // namespace weir::runtime
