// Opening a server connection: startup packet, authentication, parameters, the first ReadyForQuery.
#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "session/connect_query.h"
#include "session/engine.h"
#include "wire/message.h"

namespace weir::session {

using pool::ClientState;
using pool::ServerState;
using wire::Piece;
namespace be = wire::be;

// The room has already been given the right to one more connection.
Server& Engine::open_server(Room& room, Instant now, Effects& out) {
  Server& s = servers_.emplace();
  s.number = ledger_.next_number();
  const auto& hosts = room.entry->hosts;
  s.endpoint.port = room.entry->port;
  s.endpoint.host = hosts.empty() ? config_->settings.unix_socket_dir
                                  : hosts[room.next_host % hosts.size()];
  // In turn; or the same one, until it fails.
  if (room.entry->load_balance_hosts != config::LoadBalanceHosts::Disable) ++room.next_host;
  s.connected = now;
  s.epoch = epoch_;
  s.settings = s.base = room.base;
  room.move(s, ServerState::Login, now);
  out.connect(s.id);
  return s;
}

const Endpoint* Engine::endpoint(ServerId id) {
  const Server* s = server(id);
  return s == nullptr ? nullptr : &s->endpoint;
}

void Engine::server_connected(ServerId id, std::string_view local_address,
                              std::uint16_t local_port, Instant now, Effects& out) {
  Server* s = server(id);
  if (s == nullptr) return;
  s->local_address = local_address;
  s->local_port = local_port;
  if (s->phase != ServerPhase::Canceling) {
    room_of(*s).timings.record(stats::Timing::ServerConnect, now - s->connected);
    s->login_start = now;
  }
  if (s->phase != ServerPhase::Canceling && config_->settings.log_connections)
    log(*s, out, LogLevel::Log, fmt::format("new connection to server (from {}:{})",
                                           local_address, local_port));
  if (config_->settings.server_tls_sslmode == config::SslMode::Disable || s->endpoint.is_unix()) {
    begin_server_login(*s, out);
  } else if (config_->weir.server_tls_sslnegotiation == config::SslNegotiation::Direct) {
    s->encryption = Encryption::Shaking;
    out.start_tls(id);
  } else {
    s->encryption = Encryption::Asked;
    wire::append_ssl_request(scratch_);
    out.send(id, scratch_);
    scratch_.clear();
  }
}

namespace {

wire::Parameters startup_parameters(const Room& room) {
  wire::Parameters parameters = {
      {"user", room.user()},
      {"database", std::string(config::Config::server_dbname(*room.entry, room.database()))}};
  const auto also = [&parameters](const char* name, const std::optional<std::string>& value) {
    if (value) parameters.emplace_back(name, *value);
  };
  also("client_encoding", room.entry->client_encoding);
  also("datestyle", room.entry->datestyle);
  also("timezone", room.entry->timezone);
  also("application_name", room.entry->application_name);
  return parameters;
}

auth::Secret secret_for(const Room& room, const config::Config& config) {
  const config::Database& entry = *room.entry;
  if (entry.password && entry.user == room.user()) return auth::parse_secret(*entry.password);
  if (!room.clear_password.empty())
    return {.kind = auth::SecretKind::Plain, .text = room.clear_password, .scram = {}};
  if (const auth::Secret* known = config.auth_users.find(room.user())) return *known;
  return room.secret ? *room.secret : auth::Secret();
}

}  // namespace

// The first words on a connection that is encrypted by now, if it ever will be.
void Engine::begin_server_login(Server& s, Effects& out) {
  if (s.phase == ServerPhase::Canceling) {
    wire::append_cancel(scratch_, s.pid, as_bytes(s.cancel_key));
    out.send(s.id, scratch_);
    scratch_.clear();
    return;
  }
  const Room& room = room_of(s);
  s.phase = ServerPhase::Login;
  wire::Parameters parameters = startup_parameters(room);
  if (s.replicates != Replicates::No) replication_.add_wishes(s, parameters);
  wire::append_startup(scratch_, wire::kProtocol30, parameters);
  out.send(s.id, scratch_);
  scratch_.clear();
  auth::ScramNonce nonce;
  random_.fill(nonce);
  const auth::Secret secret = secret_for(room, *config_);
  s.login = std::make_unique<auth::ServerLogin>(auth::ServerLogin::Input{
      .user = room.user(), .secret = &secret, .keys = room.keys ? &*room.keys : nullptr,
      .nonce = nonce, .server_end_point = s.tls ? s.tls->server_end_point : ""});
}

void Engine::server_failed(ServerId id, std::string_view reason, Instant now, Effects& out) {
  Server* s = server(id);
  if (s == nullptr) return;
  if (s->phase == ServerPhase::Canceling) {
    ++tally_.cancels[stats::Cancel::Lost];
    log(*s, out, LogLevel::Warning, fmt::format("a cancel request is lost: {}", reason));
    cancel_over(*s, now, out);
    return;
  }
  login_failed(*s, std::string(reason), "08006", now, out);
}

void Engine::server_login_bytes(Server& s, Bytes& in, Instant now, Effects& out) {
  const ServerId id = s.id;
  const auto logs_in = [&s] {
    return s.phase == ServerPhase::Login || s.phase == ServerPhase::Setup;
  };
  while (server(id) != nullptr && logs_in()) {
    const Piece piece = s.framer.next(in);
    if (piece.kind == Piece::Kind::None) return;
    if (piece.kind == Piece::Kind::Body) {
      if (s.row_open) on_pooler_row(s, piece.bytes, piece.last);
      continue;
    }
    const bool fits = piece.kind == Piece::Kind::Head &&
                      (s.phase == ServerPhase::Setup
                           ? ConnectQuery::message(*this, s, piece, now, out)
                           : login_message(s, piece, now, out));
    if (!fits) {
      if (server(id) != nullptr) login_failed(s, "unexpected message in login", "08P01", now, out);
      return;
    }
  }
}

bool read_parameter(Server& s, Bytes body) {
  Reader in(body);
  const std::string_view name = in.cstr();
  const std::string_view value = in.cstr();
  if (in.ok()) wire::set_parameter(s.reported, name, value);
  return in.ok();
}

// False where the message has no place in a login.
bool Engine::login_message(Server& s, const Piece& piece, Instant now, Effects& out) {
  const Bytes body = piece.message().body;
  switch (piece.type) {
    case be::kAuthentication: return piece.last && on_authentication(s, body, now, out);
    case be::kParameterStatus: return read_parameter(s, body);
    case be::kBackendKeyData: {
      Reader in(body);
      s.pid = in.u32();
      s.cancel_key = as_text(in.rest());
      return in.ok() && !s.cancel_key.empty();
    }
    case be::kErrorResponse:
      tally_.server_errors.count(wire::report_field(body, 'C'));
      out.log({.level = LogLevel::Warning,
               .text = fmt::format("server login failed: {} {}", wire::report_field(body, 'S'),
                                   wire::report_field(body, 'M'))});
      login_failed(s, std::string(wire::report_field(body, 'M')),
                   std::string(wire::report_field(body, 'C')), now, out);
      return true;
    case be::kNoticeResponse:
    case be::kNegotiate: return true;
    case be::kReadyForQuery:
      if (s.login) return false;
      if (s.replicates != Replicates::No || !ConnectQuery::begin(*this, s, out))
        server_ready(s, now, out);
      return true;
    default: return false;
  }
}

bool Engine::on_authentication(Server& s, Bytes body, Instant now, Effects& out) {
  if (!s.login) return false;
  const auth::ServerStep step = s.login->on_request(body);
  if (const auto* answer = std::get_if<auth::ServerAnswer>(&step)) {
    out.send(s.id, as_bytes(answer->message));
  } else if (std::holds_alternative<auth::ServerLoginOk>(step)) {
    s.login.reset();
  } else if (const auto* failed = std::get_if<auth::LoginFailed>(&step)) {
    login_failed(s, failed->text, "28P01", now, out);
  }
  return true;
}

void Engine::server_ready(Server& s, Instant now, Effects& out) {
  Room& room = room_of(s);
  s.phase = ServerPhase::Ready;
  ++tally_.server_logins;
  room.timings.record(stats::Timing::ServerLogin, now - s.login_start);
  s.connected = now;
  s.status = 'I';
  s.last_ready = now;
  s.framer.reset();
  if (s.replicates != Replicates::No) return replication_.ready(s, now, out);
  const bool news = !room.base->accepted || room.base->reported != s.reported;
  room.base->reported = s.reported;
  room.base->accepted = true;
  if (news) tell_others(room, *room.base, out);
  room.connect_succeeded();
  if (room.is_obsolete(s) || room.paused) {
    close_server(s, ServerEnd::Obsolete, now, out);
    return;
  }
  serve(room, s, now, out);
  want_servers(room, now, out);
}

void Engine::login_failed(Server& s, std::string reason, std::string sqlstate, Instant now,
                          Effects& out) {
  Room& room = room_of(s);
  const bool refused = sqlstate != "08006";
  ++tally_.server_ends[sqlstate.starts_with("08") ? ServerEnd::Unreachable
                                                  : ServerEnd::LoginRefused];
  if (config_->settings.log_disconnections)
    log(s, out, LogLevel::Log, closing_text(reason, s.connected, now));
  s.phase = ServerPhase::Connecting;
  const auto& hosts = room.entry->hosts;
  if (room.entry->load_balance_hosts == config::LoadBalanceHosts::Disable && !hosts.empty() &&
      hosts[room.next_host % hosts.size()] == s.endpoint.host)
    ++room.next_host;
  out.close(s.id);
  const bool replicates = s.replicates != Replicates::No;
  const ClientId whose = s.replicates_for;
  forget_server(s);
  if (replicates)
    return replication_.failed(whose, {.severity = "FATAL", .sqlstate = sqlstate,
                                       .message = reason}, now, out);
  const bool starting = sqlstate == "57P03";
  const bool full = sqlstate == "53300" && room.account().servers.value() > 0;
  if (starting || full) {
    room.connect_postponed(now);
    if (full && !room.clients(ClientState::Waiting).empty()) ask_elsewhere(room, out);
    return;
  }
  room.connect_failed(std::move(reason), std::move(sqlstate), now);
  if (room.is_down()) turn_away_waiters(room, refused, now, out);
}

// With no server left, those who wait are told why. Clients in the middle of their own login wait
// on for a server that cannot be reached, but not for one that has refused.
void Engine::turn_away_waiters(Room& room, bool also_logins, Instant now, Effects& out) {
  room.clients(ClientState::Waiting).for_each([&](pool::ClientSlot& slot) {
    Client& c = static_cast<Client&>(slot);
    if (!c.logs_in() || (c.login_while_failing && !also_logins)) {
      refuse_failing(c, now, out);
    } else if (also_logins) {
      const std::string message = room.failure();
      const std::string sqlstate = room.failure_sqlstate();
      refuse_report(c, ClientEnd::NoServer,
                    {.severity = "FATAL", .sqlstate = sqlstate, .message = message}, now, out);
    }
  });
}

}  // namespace weir::session
