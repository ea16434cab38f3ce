// A client's login: the exchange of its method, its pool, and the welcome that tells it what a
// server would have told it.
#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "session/login_flow.h"
#include "session/welcome.h"
#include "wire/message.h"

namespace weir::session {

using pool::ClientState;

// What its user must know; null for an unknown one.
const auth::Secret* Engine::secret_of(const Client& c) const {
  return c.login->found ? &c.login->found->secret
                        : config_->auth_users.find(c.login->startup.user);
}

void Engine::start_exchange(Client& c, Instant now, Effects& out) {
  random_.fill(c.login->md5_salt);
  make_exchange(c);
  c.phase = ClientPhase::Auth;
  login_step(c, c.login->exchange->start(), now, out);
}

void Engine::make_exchange(Client& c) {
  const config::Settings& settings = config_->settings;
  const std::string& user = c.login->startup.user;
  auth::ScramNonce nonce;
  random_.fill(nonce);
  c.login->exchange = std::make_unique<auth::ClientLogin>(auth::ClientLogin::Input{
      .type = c.login->method.type, .user = user, .secret = secret_of(c),
      .scram_iterations = static_cast<std::uint32_t>(std::max(1, settings.scram_iterations)),
      .server_random_key = mock_key_, .nonce = nonce, .md5_salt = c.login->md5_salt,
      .server_end_point = c.peer->tls ? c.peer->tls_facts->server_end_point : ""});
}

void Engine::auth_bytes(Client& c, Bytes& in, Instant now, Effects& out) {
  const wire::Piece piece = c.framer.next(in);
  switch (piece.kind) {
    case wire::Piece::Kind::None: return;
    case wire::Piece::Kind::Head:
      if (piece.whole() && piece.type == wire::fe::kPassword) {
        const Bytes payload = piece.message().body;
        if (!c.login->exchange) return LoginFlow{*this, c, now, out}.password(payload);
        AuthQuery::keep_proof(c, payload);
        login_step(c, c.login->exchange->on_password_message(payload), now, out);
        return;
      }
      [[fallthrough]];
    case wire::Piece::Kind::Bad:
    case wire::Piece::Kind::Body: refuse(c, Fault::UnknownMessage, "", now, out); return;
  }
}

void Engine::login_step(Client& c, const auth::ClientStep& step, Instant now, Effects& out) {
  if (const auto* request = std::get_if<auth::AuthRequest>(&step)) {
    c.login->asked = request->code;
    wire::append_authentication(scratch_, static_cast<std::uint32_t>(request->code),
                                as_bytes(request->payload));
    out.send(c.id, scratch_);
    scratch_.clear();
  } else if (const auto* ok = std::get_if<auth::ClientLoginOk>(&step)) {
    if (!ok->sasl_final.empty())
      wire::append_authentication(scratch_, wire::authentication::kSaslFinal,
                                  as_bytes(ok->sasl_final));
    out.send(c.id, scratch_);
    scratch_.clear();
    authenticated(c, now, out);
  } else if (const auto* failed = std::get_if<auth::LoginFailed>(&step)) {
    if (auth_query_.ask_again(c, failed->text, now, out)) return;
    LoginFlow{*this, c, now, out}.fail(Fault::AuthenticationFailed, failed->text);
  }
}

void Engine::authenticated(Client& c, Instant now, Effects& out) {
  const wire::Startup& asked = c.login->startup;
  if (asked.database == "pgbouncer") {
    enter_console(c, now, out);
    return;
  }
  if (c.login->unknown_database) {
    log(c, out, LogLevel::Log,
        fmt::format("login failed: db={} user={}", asked.database, asked.user));
    refuse(c, Fault::NoSuchDatabase, asked.database, now, out);
    return;
  }
  enter_room(c, now, out);
}

void Engine::enter_room(Client& c, Instant now, Effects& out) {
  const wire::Startup& asked = c.login->startup;
  const config::Database* entry = config_->find_database(asked.database);
  if (entry == nullptr) {  // removed by a reload in the meantime
    refuse(c, Fault::NoSuchDatabase, asked.database, now, out);
    return;
  }
  Room& r = room(asked.database, entry->user.value_or(asked.user));
  if (!config_->databases.contains(asked.database) &&
      !r.account().database.registered.exchange(true))
    out.log({.level = LogLevel::Log,
             .text = fmt::format("registered new auto-database: {}", asked.database)});
  if (!entry->user) {
    if (c.login->found) r.secret = c.login->found->secret;
    const auth::ClientLogin* exchange = c.login->exchange.get();
    if (exchange != nullptr && exchange->keys()) r.keys = exchange->keys();
    const std::string& password = exchange != nullptr ? exchange->password() : c.login->password;
    if (!password.empty()) r.clear_password = password;
  }
  if (c.replicates != Replicates::No) {
    replication_.start(c, r, now, out);
    return;
  }
  c.startup = c.settings = r.settings.intern(asked.settings);
  arriving_.remove(c);
  r.move(c, ClientState::Login, now);
  c.phase = ClientPhase::Welcome;
  if (r.base->accepted && c.settings->accepted) {
    r.move(c, ClientState::Idle, now);
    welcome(c, now, out);
    return;
  }
  // What it asked for is tried on a server, whose answer is the client's.
  wait_for_server(c, r, now, out);
}

// Queues a client that logs in, or refuses it.
void Engine::wait_for_server(Client& c, Room& r, Instant now, Effects& out) {
  if (r.is_down()) {
    if (r.refuses(now)) {
      refuse_failing(c, now, out);
      return;
    }
    c.login_while_failing = true;
    r.probe_now();
  }
  r.move(c, ClientState::Waiting, now);
  if (pool::ServerSlot* idle = r.clients(ClientState::Waiting).size() == 1 && !r.paused
                                   ? r.servers(pool::ServerState::Idle).front()
                                   : nullptr) {
    serve(r, static_cast<Server&>(*idle), now, out);
  }
  want_servers(r, now, out);
}

// Sends what a PostgreSQL backend sends when it is ready for the first query.
void Engine::welcome(Client& c, Instant now, Effects& out) {
  Room& r = room_of(c);
  wire::append_authentication(scratch_, wire::authentication::kOk);
  append_parameters(scratch_, config_->settings, r.limits().mode,
                    c.replicates != Replicates::No ? c.server->reported : c.settings->reported);
  make_cancel_key(c);
  wire::Writer(scratch_, wire::be::kBackendKeyData)
      .u32(static_cast<std::uint32_t>(c.cancel_key >> 32))
      .u32(static_cast<std::uint32_t>(c.cancel_key))
      .text(c.cancel_rest ? std::string_view(*c.cancel_rest) : "");
  append_welcome_end(scratch_, config_->settings);
  out.send(c.id, scratch_);
  scratch_.clear();
  r.count_login(now - c.connected);
  c.phase = ClientPhase::Ready;
  c.login.reset();
  c.since = now;
  out.read(c.id);
}

}  // namespace weir::session
