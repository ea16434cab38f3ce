#include "session/login_flow.h"

#include <fmt/format.h>

namespace weir::session {

using auth::AuthType;

namespace {

Fault failure_of(AuthType type) {
  return type == AuthType::Pam    ? Fault::PamLoginFailed
         : type == AuthType::Ldap ? Fault::LdapLoginFailed
                                  : Fault::PeerLoginFailed;
}

}  // namespace

void Engine::LoginFlow::choose_method() {
  ClientLoginState& login = *c.login;
  login.config = engine.config_;
  login.own_console = has_own_console();
  login.method = login_method(*login.config, *c.peer, login.startup);
}

void Engine::LoginFlow::begin() {
  const ClientLoginState& login = *c.login;
  if (login.own_console) {
    engine.log(c, out, LogLevel::Log, "pgbouncer access from unix socket");
    engine.authenticated(c, now, out);
    return;
  }
  switch (login.method.type) {
    case AuthType::Any:
    case AuthType::Trust:
    case AuthType::Plain:
    case AuthType::Md5:
    case AuthType::ScramSha256: engine.start_exchange(c, now, out); return;
    case AuthType::Cert: check_certificate(); return;
    case AuthType::Peer: check_peer(); return;
    case AuthType::Hba: fail(Fault::NoLoginMethod); return;
    case AuthType::Reject: fail(Fault::LoginRejected); return;
    case AuthType::Pam:
    case AuthType::Ldap:
      c.phase = ClientPhase::Auth;
      engine.login_step(c, auth::AuthRequest{auth::AuthCode::ClearText, {}}, now, out);
      return;
  }
}

// Its administrator has an account on the machine; no rule of the file can lock him out.
bool Engine::LoginFlow::has_own_console() const {
  const wire::Startup& asked = c.login->startup;
  return c.peer->unix_peer && c.peer->unix_peer->same_user && asked.database == "pgbouncer" &&
         asked.user == "pgbouncer";
}

bool Engine::LoginFlow::is_known() const {
  return engine.secret_of(c) != nullptr;
}

void Engine::LoginFlow::check_certificate() {
  const ClientLoginState& login = *c.login;
  const TlsFacts* facts = c.peer->tls_facts.get();
  if (facts == nullptr || !facts->has_certificate) {
    engine.log(c, out, LogLevel::Log, "TLS client certificate required");
    return fail(Fault::CertLoginFailed);
  }
  std::vector<std::string_view> names{facts->certificate_cn};
  names.insert(names.end(), facts->certificate_names.begin(), facts->certificate_names.end());
  if (is_known() && may_be(*login.config, login.method, names, login.startup.user))
    return engine.authenticated(c, now, out);
  const bool mapped = login.method.rule != nullptr && !login.method.rule->map.empty();
  engine.log(c, out, LogLevel::Log,
             mapped ? fmt::format("ident map: {} does not have a match", login.method.rule->map)
                    : "TLS certificate name mismatch");
  fail(Fault::CertLoginFailed);
}

void Engine::LoginFlow::check_peer() {
  if (!c.peer->unix_peer || !is_known()) return fail(Fault::PeerLoginFailed);
  ask(auth::Question::Kind::SystemUser);
}

void Engine::LoginFlow::password(Bytes payload) {
  const auto given = auth::read_password(payload);
  if (!given) return fail(Fault::AuthenticationFailed, given.error().text);
  c.login->password = *given;
  ask(c.login->method.type == AuthType::Pam ? auth::Question::Kind::Pam
                                            : auth::Question::Kind::Ldap);
}

void Engine::LoginFlow::ask(auth::Question::Kind kind) {
  const ClientLoginState& login = *c.login;
  const auth::HbaRule* rule = login.method.rule;
  auth::Question question{.kind = kind, .client = c.id, .user = login.startup.user,
                          .password = login.password};
  if (kind == auth::Question::Kind::SystemUser) question.uid = c.peer->unix_peer->uid;
  if (kind == auth::Question::Kind::Pam) {
    question.address = c.peer->unix_peer ? "" : c.peer->address;
    question.service = rule != nullptr && !rule->pam_service.empty() ? rule->pam_service
                                                                     : "pgbouncer";
  }
  if (kind == auth::Question::Kind::Ldap)
    question.ldap = rule != nullptr ? *rule->ldap : *login.config->ldap;
  c.phase = ClientPhase::Asking;
  out.ask(std::move(question));
}

void Engine::LoginFlow::verdict(const auth::Verdict& verdict) {
  const ClientLoginState& login = *c.login;
  if (verdict.outcome == auth::Verdict::Outcome::Busy) return fail(Fault::LoginQueueFull);
  const bool yes = verdict.outcome == auth::Verdict::Outcome::Yes;
  const bool peer = login.method.type == AuthType::Peer;
  if (!yes) {
    engine.log(c, out, LogLevel::Warning, verdict.text);
  } else if (!peer || may_be(*login.config, login.method, {verdict.text}, login.startup.user)) {
    return engine.authenticated(c, now, out);
  } else if (!login.method.rule->map.empty()) {
    engine.log(c, out, LogLevel::Error,
               fmt::format("ident map {} cannot be matched", login.method.rule->map));
  }
  fail(failure_of(login.method.type));
}

void Engine::LoginFlow::fail(Fault fault, std::string_view text) {
  ClientLoginState& login = *c.login;
  ++engine.tally_.login_failures;
  std::string line = fmt::format("login failed: db={} user={}", login.startup.database,
                                 login.startup.user);
  if (login.method.rule != nullptr)
    line += fmt::format(" ({}:{})", login.config->settings.auth_hba_file, login.method.rule->line);
  engine.log(c, out, LogLevel::Log, std::move(line));
  const config::WeirSettings& weir = engine.config_->weir;
  const Duration delay = weir.strict ? Duration{} : weir.auth_failure_delay;
  if (delay <= Duration::zero()) return engine.refuse(c, fault, text, now, out);
  c.phase = ClientPhase::Refused;
  login.refusal = fault;
  login.refusal_text = text;
  login.refuse_at = now + delay;
}

// An answer of a helper thread.
void Engine::verdict(const auth::Verdict& verdict, Instant now, Effects& out) {
  Client* c = client(verdict.client);
  if (c == nullptr || c->phase != ClientPhase::Asking) return;
  LoginFlow{*this, *c, now, out}.verdict(verdict);
}

}  // namespace weir::session
