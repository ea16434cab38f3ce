// Encryption on both sides: what a server answers to an SSLRequest, and how handshakes end. Who is
// offered TLS stands in client_startup.cc, who is asked for it in server_login.cc.
#include <fmt/format.h>

#include "session/engine.h"

namespace weir::session {

using stats::Handshake;

namespace {

// libpq's class for connections that could not be made.
constexpr const char* kNoConnection = "08001";

}  // namespace

// Exactly one byte. What comes with it came in the clear, perhaps from somebody on the way.
void Engine::ssl_answer(Server& s, Bytes in, Instant now, Effects& out) {
  if (in.empty()) return;
  std::string_view wrong;
  if (in.size() > 1 && in[0] == 'S') {
    wrong = "received unencrypted data after SSL response";
  } else if (in.size() > 1 || (in[0] != 'S' && in[0] != 'N')) {
    wrong = "bad sslreq answer";
  } else if (in[0] == 'S') {
    s.encryption = Encryption::Shaking;
    out.start_tls(s.id);
  } else if (config_->settings.server_tls_sslmode > config::SslMode::Prefer) {
    wrong = "server refused SSL";
  } else {
    s.encryption = Encryption::None;
    begin_server_login(s, out);
  }
  if (wrong.empty()) return;
  if (s.phase == ServerPhase::Canceling) {
    server_failed(s.id, wrong, now, out);
  } else {
    login_failed(s, std::string(wrong), kNoConnection, now, out);
  }
}

void Engine::secured(Connection connection, Result<TlsFacts> facts, Instant now, Effects& out) {
  if (Client* c = connection.side == Connection::Side::Client ? client(connection.client())
                                                              : nullptr) {
    if (!facts) {
      log(*c, out, LogLevel::Warning, "TLS handshake error: " + facts.error().text);
      ++tally_.handshakes[Handshake::ClientFailed];
      drop_client(*c, ClientEnd::TlsFailed, "TLS handshake error", now, out);
      return;
    }
    ++tally_.handshakes[Handshake::ClientDone];
    const bool direct = !c->asked_ssl;
    c->asked_ssl = true;
    c->peer->tls = true;
    c->peer->tls_facts = std::make_unique<TlsFacts>(std::move(*facts));
    if (direct && !c->peer->tls_facts->alpn) refuse(*c, Fault::TlsWithoutAlpn, "", now, out);
    return;
  }
  Server* s = connection.side == Connection::Side::Server ? server(connection.server()) : nullptr;
  if (s == nullptr) return;
  const bool direct =
      config_->weir.server_tls_sslnegotiation == config::SslNegotiation::Direct;
  if (facts && direct && !facts->alpn)
    facts = fail("the server has not agreed on the protocol postgresql (ALPN): it is older than "
                 "PostgreSQL 17, or none");
  ++tally_.handshakes[facts ? Handshake::ServerDone : Handshake::ServerFailed];
  if (!facts) {
    const std::string reason = "TLS handshake error: " + facts.error().text;
    if (s->phase == ServerPhase::Canceling) {
      server_failed(s->id, reason, now, out);
    } else {
      login_failed(*s, reason, kNoConnection, now, out);
    }
    return;
  }
  s->encryption = Encryption::Done;
  s->tls = std::make_unique<TlsFacts>(std::move(*facts));
  log(*s, out, LogLevel::Log, "SSL established: " + s->tls->description);
  begin_server_login(*s, out);
}

}  // namespace weir::session
