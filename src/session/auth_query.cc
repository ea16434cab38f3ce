#include "session/auth_query.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "session/login_flow.h"
#include "session/name_counts.h"
#include "wire/message.h"

namespace weir::session {

namespace be = wire::be;
namespace fe = wire::fe;
using pool::ClientState;

AuthQuery::Question AuthQuery::question(const Client& c) const {
  const config::Settings& settings = engine_.config_->settings;
  const std::string& asked = c.login->startup.database;
  const config::Database* entry =
      asked == "pgbouncer" ? nullptr : engine_.config_->find_database(asked);
  const auto either = [entry](const auto field, const std::string& otherwise) {
    return std::string_view(entry != nullptr && entry->*field ? *(entry->*field) : otherwise);
  };
  Question q{.database = either(&config::Database::auth_dbname, settings.auth_dbname),
             .asker = either(&config::Database::auth_user, settings.auth_user),
             .query = either(&config::Database::auth_query, settings.auth_query)};
  if (q.database.empty()) q.database = asked;
  return q;
}

bool AuthQuery::wanted(const Client& c) const {
  const config::Config& config = *engine_.config_;
  const wire::Startup& asked = c.login->startup;
  if (c.login->own_console || !c.login->method.needs_user() ||
      config.auth_users.find(asked.user) != nullptr)
    return false;
  const bool known = asked.database == "pgbouncer" || config.find_database(asked.database);
  return known && !question(c).asker.empty();
}

void AuthQuery::start(Client& c, Instant now, Effects& out) {
  const Question q = question(c);
  ClientLoginState& login = *c.login;
  login.lookup = fmt::format("{}\n{}\n{}\n{}", q.database, q.asker, login.startup.user, q.query);
  if (const FoundUser* kept = kept_.find(login.lookup, now)) {
    login.found = *kept;
    login.found_is_kept = true;
    go_on(c, now, out);
  } else {
    look_up(c, now, out);
  }
}

void AuthQuery::look_up(Client& c, Instant now, Effects& out) {
  c.phase = ClientPhase::Lookup;
  auto [it, fresh] = running_.try_emplace(c.login->lookup);
  if (fresh) {
    it->second.leader = c.id;
    lead(c, now, out);
  } else {
    it->second.others.push_back(c.id);
  }
}

// Queues it in the pool that asks. False where it has been refused.
bool AuthQuery::lead(Client& c, Instant now, Effects& out) {
  const ClientId id = c.id;
  const Question q = question(c);
  if (q.database == "pgbouncer") {
    refuse_config(c, "cannot use the reserved \"pgbouncer\" database as an auth_dbname", now, out);
    return false;
  }
  if (q.asker.empty() || engine_.config_->find_database(q.database) == nullptr) {
    refuse_config(c, fmt::format("authentication database \"{}\" is not configured.", q.database),
                  now, out);
    return false;
  }
  if (engine_.disabled_.contains(q.database)) {
    engine_.refuse(c, Fault::DatabaseDisabled,
                   fmt::format("authentication database \"{}\" is disabled", q.database), now, out);
    return false;
  }
  Room& room = engine_.room(q.database, q.asker);
  engine_.arriving_.remove(c);
  c.startup = c.settings = room.base;  // nothing of what the client wishes
  room.move(c, ClientState::Login, now);
  engine_.wait_for_server(c, room, now, out);
  return engine_.client(id) != nullptr;
}

void AuthQuery::left(ClientId id, const std::string& key, Instant now, Effects& out) {
  const auto it = running_.find(key);
  if (it == running_.end()) return;
  if (!(it->second.leader == id)) {
    std::erase(it->second.others, id);
  } else if (!it->second.between_leaders) {
    next_leader(key, now, out);
  }
}

void AuthQuery::next_leader(const std::string& key, Instant now, Effects& out) {
  const auto it = running_.find(key);
  Lookup& lookup = it->second;
  while (!lookup.others.empty()) {
    lookup.leader = lookup.others.back();
    lookup.others.pop_back();
    lookup.between_leaders = true;
    Client* c = engine_.client(lookup.leader);
    const bool leads = c != nullptr && lead(*c, now, out);
    lookup.between_leaders = false;
    if (leads) return;
  }
  running_.erase(it);
}

void AuthQuery::ask(Server& s, Instant now, Effects& out) {
  const Client& c = *s.client;
  const auto it = running_.find(c.login->lookup);
  ASSERT(it != running_.end() && it->second.leader == c.id);
  it->second.found.reset();
  it->second.problem.clear();
  const std::string& user = c.login->startup.user;
  wire::Buffer& message = engine_.scratch_;
  wire::Writer(message, fe::kParse).cstr("").cstr(question(c).query).u16(0).finish();
  wire::Writer(message, fe::kBind).cstr("").cstr("").u16(0).u16(1)
      .u32(static_cast<std::uint32_t>(user.size())).text(user).u16(0).finish();
  wire::Writer(message, fe::kExecute).cstr("").u32(0).finish();
  wire::append_empty(message, fe::kSync);
  out.send(s.id, message);
  message.clear();
  s.pooler_error = false;
  s.unnamed_owner = kStranger;
  engine_.push(s, {.kind = Request::Kind::Lookup, .whose = Request::For::Pooler}, now);
}

bool AuthQuery::swallows(std::uint8_t type) {
  return type == be::kParseComplete || type == be::kBindComplete || type == be::kDataRow ||
         type == be::kCommandComplete || type == be::kEmptyQuery || type == be::kPortalSuspended;
}

// A user and a secret. Where there are several rows, the last counts.
void AuthQuery::row(const Server& s) {
  const auto it = s.client == nullptr ? running_.end() : running_.find(s.client->login->lookup);
  if (it == running_.end()) return;
  Lookup& lookup = it->second;
  Reader in(as_bytes(s.row));
  const std::uint16_t columns = in.u16();
  if (columns != 2) {
    lookup.problem = fmt::format("expected 2 columns from auth_query, not {}", columns);
    return;
  }
  const auto field = [&in]() -> std::optional<std::string_view> {
    const std::uint32_t size = in.u32();
    if (size == 0xffffffff) return std::nullopt;
    return as_text(in.bytes(size));
  };
  const auto name = field();
  const auto secret = field();
  if (!in.done() || (name && name->size() > auth::kUserSizeMax) ||
      (secret && secret->size() > auth::kSecretSizeMax)) {
    lookup.problem = "auth_query gave a user name or secret that is too long";
    return;
  }
  lookup.found.reset();
  if (name) lookup.found = {std::string(*name), auth::parse_secret(secret.value_or(""))};
}

void AuthQuery::answered(Server& s, Instant now, Effects& out) {
  if (s.client == nullptr) return;
  Client& c = *s.client;
  const std::string key = c.login->lookup;
  if (s.pooler_error)
    running_.find(key)->second.problem = "error in auth_query: ERROR: " + s.pooler_message;
  engine_.unlink(s);
  leave_pool(c, now);
  engine_.leave_server(s, false, now, out);
  end(key, now, out);
}

void AuthQuery::server_lost(Server& s, std::string_view reason, Instant now, Effects& out) {
  Client& c = *s.client;
  const std::string key = c.login->lookup;
  Lookup& lookup = running_.find(key)->second;
  engine_.unlink(s);
  if (lookup.servers_lost++ == 0) {
    engine_.room_of(c).move(c, ClientState::Waiting, now);
    return;
  }
  lookup.problem = fmt::format("error in auth_query: {}", reason);
  leave_pool(c, now);
  end(key, now, out);
}

void AuthQuery::leave_pool(Client& c, Instant now) {
  engine_.room_of(c).move(c, ClientState::Gone, now);
  c.startup = c.settings = SettingsRef();
  engine_.arriving_.push_back(c);
}

// There is an answer, for all who wait for it.
void AuthQuery::end(const std::string& key, Instant now, Effects& out) {
  auto node = running_.extract(key);
  Lookup& lookup = node.mapped();
  const Duration ttl = engine_.config_->weir.auth_query_cache_ttl;
  if (lookup.problem.empty() && lookup.found &&
      lookup.found->secret.kind != auth::SecretKind::None && ttl > Duration::zero())
    kept_.put(key, *lookup.found, now + ttl);
  if (Client* c = engine_.client(lookup.leader)) take(*c, lookup, now, out);
  for (const ClientId id : lookup.others)
    if (Client* c = engine_.client(id)) take(*c, lookup, now, out);
  if (lookup.found) auth::wipe(lookup.found->secret);
}

void AuthQuery::take(Client& c, const Lookup& answer, Instant now, Effects& out) {
  if (!answer.problem.empty()) return refuse_config(c, answer.problem, now, out);
  if (!answer.found) return Engine::LoginFlow{engine_, c, now, out}.fail(Fault::NoSuchUser);
  c.login->found = answer.found;
  go_on(c, now, out);
}

void AuthQuery::go_on(Client& c, Instant now, Effects& out) {
  const ClientId id = c.id;
  const bool waited = c.phase == ClientPhase::Lookup;
  c.login->startup.user = c.login->found->name;
  const std::string* given = c.login_user;
  c.login_user = &take_name(engine_.names_, c.login->found->name);
  give_name(engine_.names_, *given);
  if (c.login->exchange) {
    judge_again(c, now, out);
  } else if (engine_.admit(c, now, out)) {
    Engine::LoginFlow{engine_, c, now, out}.begin();
  }
  if (waited && engine_.client(id) != nullptr) out.read(id);
}

void AuthQuery::keep_proof(Client& c, Bytes payload) {
  if (c.login->found_is_kept) c.login->proof.assign(payload.begin(), payload.end());
}

bool AuthQuery::ask_again(Client& c, std::string_view failure, Instant now, Effects& out) {
  ClientLoginState& login = *c.login;
  if (!login.found_is_kept) return false;
  login.found_is_kept = false;
  login.failure = failure;
  const FoundUser* kept = kept_.find(login.lookup, now);
  if (kept != nullptr && kept->secret.text != login.found->secret.text) {
    login.found = *kept;
    go_on(c, now, out);
  } else {
    kept_.drop(login.lookup);
    look_up(c, now, out);
  }
  return true;
}

// A clear-text password and an MD5 response can be held against another secret. A SCRAM proof is
// bound to the old one's salt: that client has to come again.
void AuthQuery::judge_again(Client& c, Instant now, Effects& out) {
  ClientLoginState& login = *c.login;
  const auth::AuthCode asked = login.asked;
  engine_.make_exchange(c);
  const auth::ClientStep first = login.exchange->start();
  const auto* request = std::get_if<auth::AuthRequest>(&first);
  const bool comparable = asked == auth::AuthCode::ClearText || asked == auth::AuthCode::Md5;
  c.phase = ClientPhase::Auth;
  if (comparable && request != nullptr && request->code == asked) {
    engine_.login_step(c, login.exchange->on_password_message(login.proof), now, out);
  } else {
    engine_.login_step(c, auth::LoginFailed{login.failure}, now, out);
  }
}

void AuthQuery::refuse_config(Client& c, std::string_view why, Instant now, Effects& out) {
  engine_.log(c, out, LogLevel::Error, std::string(why));
  engine_.refuse(c, Fault::ConfigError, "", now, out);
}

}  // namespace weir::session
