// A client's first packets: questions about encryption, cancel requests, the startup packet, and
// whether there is room for it.
#include <fmt/format.h>

#include <algorithm>

#include "session/login_flow.h"
#include "session/name_counts.h"
#include "session/startup_parameters.h"
#include "wire/message.h"

namespace weir::session {

ClientId Engine::client_connected(Peer peer, Instant now) {
  Client& c = clients_.emplace();
  c.number = ledger_.next_number();
  c.connected = c.since = now;
  c.peer = std::make_unique<Peer>(std::move(peer));
  arriving_.push_back(c);
  return c.id;
}

namespace {

// The first byte of a TLS handshake: no length of a startup packet begins with it.
constexpr std::uint8_t kTlsHandshake = 0x16;

// As in PostgreSQL, a Unix socket is never encrypted.
bool offers_tls(const config::Settings& settings, const Client& c) {
  return settings.client_tls_sslmode != config::SslMode::Disable &&
         !c.peer->address.starts_with("unix");
}

}  // namespace

void Engine::startup_bytes(Client& c, Bytes& in, Instant now, Effects& out) {
  const bool untouched = !c.asked_ssl && !c.asked_gss;
  if (!in.empty() && in[0] == kTlsHandshake && untouched && offers_tls(config_->settings, c)) {
    out.start_tls(c.id, in);
    in = {};
    return;
  }
  const std::size_t size = wire::startup_size(in);
  if (size == 0) {
    refuse(c, Fault::BadPacket, bad_header(in), now, out);
    return;
  }
  if (in.size() < size) return;
  const Bytes packet = in.first(size);
  in = in.subspan(size);
  handle_startup(c, packet, in, now, out);
}

void Engine::handle_startup(Client& c, Bytes packet, Bytes rest, Instant now, Effects& out) {
  auto parsed = wire::parse_startup(packet);
  if (!parsed && parsed.error().text == "bad cancel request") {
    drop_client(c, ClientEnd::Protocol, "bad cancel request", now, out);
    return;
  }
  if (!parsed) {
    const std::string text =
        parsed.error().text == "bad packet header" ? bad_header(packet) : parsed.error().text;
    refuse(c, Fault::UnsupportedStartup, text, now, out);
    return;
  }
  switch (parsed->kind) {
    case wire::Startup::Kind::Ssl:
    case wire::Startup::Kind::Gss: {
      const bool ssl = parsed->kind == wire::Startup::Kind::Ssl;
      if (!rest.empty()) {
        refuse(c, Fault::UnencryptedAfterSsl,
               ssl ? "received unencrypted data after SSL request"
                   : "received unencrypted data after GSSAPI encryption request", now, out);
        return;
      }
      bool& asked = ssl ? c.asked_ssl : c.asked_gss;
      if (asked) {
        drop_client(c, ClientEnd::Protocol,
                    c.peer->tls ? "SSL req inside SSL" : "encryption asked for twice", now, out);
        return;
      }
      asked = true;
      if (!ssl || !offers_tls(config_->settings, c)) {
        out.send(c.id, as_bytes("N"));
        return;
      }
      out.send(c.id, as_bytes("S"));
      out.start_tls(c.id);
      return;
    }
    case wire::Startup::Kind::Cancel: cancel_request(c, *parsed, now, out); return;
    case wire::Startup::Kind::Start: begin_login(c, std::move(*parsed), now, out); return;
  }
}

void Engine::begin_login(Client& c, wire::Startup startup, Instant now, Effects& out) {
  if (config_->settings.client_tls_sslmode > config::SslMode::Prefer && !c.peer->tls &&
      offers_tls(config_->settings, c)) {
    refuse(c, Fault::TlsRequired, "", now, out);
    return;
  }
  c.login_user = &take_name(names_, startup.user);
  c.login = std::make_unique<ClientLoginState>();
  c.login->startup = std::move(startup);
  const wire::Startup& asked = c.login->startup;
  const bool console = asked.database == "pgbouncer";
  auto settings = startup_parameters(asked, *c.peer, *config_);
  if (!settings) {
    refuse(c, Fault::UnsupportedStartup, settings.error().text, now, out);
    return;
  }
  c.login->startup.settings = std::move(*settings);
  if (!console && !ledger_.clients.take(std::max(1, config_->settings.max_client_conn))) {
    refuse(c, Fault::TooManyClients, "", now, out);
    return;
  }
  c.counted = !console;
  if (asked.user.size() > auth::kUserSizeMax) {
    refuse(c, Fault::UnsupportedStartup, "username too long", now, out);
    return;
  }
  if (asked.protocol != wire::kProtocol30 || !asked.extensions.empty()) {
    c.protocol32 = asked.protocol >= wire::kProtocol32;
    wire::append_negotiate(scratch_, c.protocol32 ? wire::kProtocol32 : wire::kProtocol30,
                           asked.extensions);
    if (asked.protocol != wire::kProtocol32 || !asked.extensions.empty()) out.send(c.id, scratch_);
    scratch_.clear();
  }
  const auto replicates = read_replication(asked.replication);
  if (!replicates) {
    refuse(c, Fault::UnsupportedStartup,
           fmt::format("invalid value for parameter \"replication\": \"{}\"", asked.replication),
           now, out);
    return;
  }
  c.replicates = *replicates;
  if (config_->settings.log_connections)
    log(c, out, LogLevel::Log,
        fmt::format("login attempt: db={} user={} tls={} replication={}", asked.database,
                    asked.user, c.peer->tls ? c.peer->tls_facts->description : "no",
                    logged(c.replicates)));
  if (is_closed(c, now, out)) return;
  LoginFlow login{*this, c, now, out};
  login.choose_method();
  if (auth_query_.wanted(c)) {
    auth_query_.start(c, now, out);
  } else if (admit(c, now, out)) {
    login.begin();
  }
}

// Whether new clients are turned away, and this one has been.
bool Engine::is_closed(Client& c, Instant now, Effects& out) {
  const std::string& database = c.login->startup.database;
  if (database == "pgbouncer") return false;
  if (shutting_down_) {
    refuse(c, Fault::ShuttingDown, "", now, out);
    return true;
  }
  if (!disabled_.contains(database) || config_->find_database(database) == nullptr) return false;
  refuse(c, Fault::DatabaseDisabled, fmt::format("database \"{}\" is disabled", database), now,
         out);
  return true;
}

// Whether this database and user have room for one more client. A database that does not exist is
// only told after the login exchange.
bool Engine::admit(Client& c, Instant now, Effects& out) {
  const wire::Startup& asked = c.login->startup;
  if (is_closed(c, now, out)) return false;
  if (asked.database == "pgbouncer") return true;
  const config::Database* entry = config_->find_database(asked.database);
  if (entry == nullptr) {
    c.login->unknown_database = true;
    return true;
  }
  pool::Account& database = ledger_.database(asked.database);
  if (!database.clients.take(config_->max_db_client_connections(*entry))) {
    refuse(c, Fault::TooManyDbClients, "", now, out);
    return false;
  }
  c.database_account = &database;
  pool::Account& user = ledger_.user(asked.user);
  if (!user.clients.take(config_->max_user_client_connections(asked.user))) {
    refuse(c, Fault::TooManyUserClients, "", now, out);
    return false;
  }
  c.user_account = &user;
  return true;
}

}  // namespace weir::session
