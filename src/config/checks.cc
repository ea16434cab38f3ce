#include "config/checks.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/http_access.h"
#include "config/value.h"

namespace weir::config {

namespace {

constexpr unsigned kWidestSocketMode = 0777;

void warn(Draft& draft, std::string_view key, std::string text) {
  draft.problem(Severity::Warning, draft.place(Section::Main, key), std::move(text));
}

bool counts_under_strict(const Option& option, const Draft& draft) {
  return draft.config.weir.strict &&
         (option.name == "track_extra_parameters" || option.name == "server_login_retry");
}

void check_effects(Draft& draft) {
  const Settings pristine;
  const Settings& settings = draft.config.settings;
  for (const Option& option : options(Section::Main)) {
    const bool set = draft.is_set(Section::Main, option.name);
    if (option.effect == Effect::Obsolete && set) {
      warn(draft, option.name, fmt::format("{} is accepted but has no effect: PgBouncer 1.26 does "
                                           "not know it either; remove it", option.name));
      continue;
    }
    if (option.get(&settings) == option.get(&pristine)) continue;
    if (option.effect == Effect::Needless && !counts_under_strict(option, draft)) {
      draft.problem(Severity::Note, draft.place(Section::Main, option.name),
                    fmt::format("{} is not needed: Weir {}", option.name, option.instead));
    } else if (option.effect == Effect::None) {
      warn(draft, option.name, fmt::format("{} is accepted but has no effect yet", option.name));
    }
  }
}

void check_database_effects(Draft& draft, const Database& db) {
  for (const Option& option : options(Section::Databases)) {
    const Value value = option.get(&db);
    const bool first_choice = option.type == Type::Choice && value == Value{std::int64_t{0}};
    if (option.effect != Effect::None || value.index() == 0 || first_choice) continue;
    draft.problem(Severity::Warning, draft.place(Section::Databases, db.name),
                  fmt::format("{} is accepted but has no effect yet (entry {})", option.name,
                              db.name));
  }
}

void check_pool_sizes(Draft& draft) {
  const Settings& s = draft.config.settings;
  if (s.min_pool_size > s.default_pool_size) {
    warn(draft, "min_pool_size",
         fmt::format("min_pool_size {} is more than default_pool_size {}, which is what counts",
                     s.min_pool_size, s.default_pool_size));
  }
  if (s.max_db_connections > 0 && s.max_db_connections < s.default_pool_size) {
    warn(draft, "max_db_connections",
         fmt::format("max_db_connections {} is less than default_pool_size {}: no pool fills",
                     s.max_db_connections, s.default_pool_size));
  }
  if (s.max_user_connections > 0 && s.max_user_connections < s.default_pool_size) {
    warn(draft, "max_user_connections",
         fmt::format("max_user_connections {} is less than default_pool_size {}: no pool fills",
                     s.max_user_connections, s.default_pool_size));
  }
  if (s.max_client_conn < s.default_pool_size) {
    warn(draft, "max_client_conn",
         fmt::format("max_client_conn {} is less than default_pool_size {}: no pool fills",
                     s.max_client_conn, s.default_pool_size));
  }
  if (s.reserve_pool_size > 0 && s.reserve_pool_timeout == Duration{}) {
    warn(draft, "reserve_pool_size",
         "reserve_pool_size has no effect: reserve_pool_timeout = 0 turns the reserve off");
  }
}

// Contradictions that an entry's own numbers make; those of [pgbouncer] are told once.
void check_database_sizes(Draft& draft, const Database& db) {
  const Settings& s = draft.config.settings;
  const Place at = draft.place(Section::Databases, db.name);
  const int size = db.pool_size.value_or(s.default_pool_size);
  const int least = db.min_pool_size.value_or(s.min_pool_size);
  const int most = db.max_db_connections.value_or(s.max_db_connections);
  if ((db.pool_size || db.min_pool_size) && least > size) {
    draft.problem(Severity::Warning, at,
                  fmt::format("min_pool_size {} is more than pool_size {}, which is what counts "
                              "(entry {})", least, size, db.name));
  }
  if ((db.pool_size || db.max_db_connections) && most > 0 && most < size) {
    draft.problem(Severity::Warning, at,
                  fmt::format("max_db_connections {} is less than pool_size {}: no pool fills "
                              "(entry {})", most, size, db.name));
  }
  if (size == 0) {
    draft.problem(Severity::Warning, at,
                  fmt::format("a pool_size of 0 lets nobody work with database {}", db.name));
  }
}

void check_databases(Draft& draft) {
  const bool any = draft.config.settings.auth_type == auth::AuthType::Any;
  const auto each = [&](const Database& db) {
    check_database_effects(draft, db);
    check_database_sizes(draft, db);
    if (any && !db.user) {
      draft.problem(Severity::Warning, draft.place(Section::Databases, db.name),
                    fmt::format("auth_type = any needs user= in every entry: nobody can use "
                                "database {}", db.name));
    }
  };
  for (const auto& [name, db] : draft.config.databases) each(db);
  if (draft.config.fallback) each(*draft.config.fallback);
}

bool needs_user_list(auth::AuthType type) {
  return type != auth::AuthType::Any && type != auth::AuthType::Pam &&
         type != auth::AuthType::Ldap && type != auth::AuthType::Reject;
}

// Why a line can never let anybody in, as [pgbouncer] stands; empty where it can.
std::string_view useless(const auth::HbaRule& rule, SslMode mode) {
  using Connection = auth::HbaRule::Connection;
  const bool clear_text =
      rule.connection == Connection::Local || rule.connection == Connection::HostNoSsl;
  if (rule.connection == Connection::HostSsl && mode == SslMode::Disable)
    return "fits nobody: client_tls_sslmode is disable";
  if (rule.method == auth::AuthType::Cert && (clear_text || mode < SslMode::VerifyCa))
    return "lets nobody in: cert needs hostssl and client_tls_sslmode verify-full";
  if (rule.method == auth::AuthType::Peer && rule.connection != Connection::Local)
    return "lets nobody in: peer works on local lines only";
  return {};
}

void check_auth(Draft& draft) {
  const Settings& s = draft.config.settings;
  const auto& rules = draft.config.hba.list();
  const bool by_rules = s.auth_type == auth::AuthType::Hba;
  const bool needs_list =
      by_rules ? std::ranges::any_of(rules, needs_user_list, &auth::HbaRule::method)
               : needs_user_list(s.auth_type);
  const auto& databases = draft.config.databases;
  const bool asks = !s.auth_user.empty() ||
                    std::ranges::any_of(databases, [](const auto& d) {
                      return d.second.auth_user.has_value();
                    });
  if (s.auth_file.empty() && needs_list && !asks)
    warn(draft, "auth_file", "auth_file is not set: no user is known, so nobody can log in");
  const auto is_entry = [&draft](const std::string& name) {
    return name != "pgbouncer" && draft.config.find_database(name) != nullptr;
  };
  const auto no_entry = [](const std::string& name) {
    return fmt::format("auth_dbname {} is no entry of [databases]: logins that need auth_query "
                       "will fail", name);
  };
  if (!s.auth_dbname.empty() && !is_entry(s.auth_dbname))
    warn(draft, "auth_dbname", no_entry(s.auth_dbname));
  for (const auto& [name, db] : databases)
    if (db.auth_dbname && !is_entry(*db.auth_dbname)) {
      draft.problem(Severity::Warning, draft.place(Section::Databases, name),
                    fmt::format("{} (entry {})", no_entry(*db.auth_dbname), name));
    }
}

void check_hba(Draft& draft) {
  const Settings& s = draft.config.settings;
  if (s.auth_type != auth::AuthType::Hba) return;
  if (s.auth_hba_file.empty())
    warn(draft, "auth_type", "auth_hba_file is not set: no line lets anybody in");
  for (const auth::HbaRule& rule : draft.config.hba.list()) {
    const auto why = useless(rule, s.client_tls_sslmode);
    if (!why.empty())
      draft.problem(Severity::Warning, {s.auth_hba_file, rule.line},
                    fmt::format("this line {}", why));
  }
}

void check_sockets(Draft& draft, const Files& files) {
  const Settings& s = draft.config.settings;
  const bool is_path = !s.unix_socket_dir.empty() && !s.unix_socket_dir.starts_with('@');
  if (is_path && !files.is_directory(s.unix_socket_dir)) {
    warn(draft, "unix_socket_dir",
         fmt::format("unix_socket_dir {} is not a directory: create it, or leave the value empty "
                     "for no Unix socket", s.unix_socket_dir));
  }
  if (s.unix_socket_dir.empty() && s.listen_addr.empty()) {
    warn(draft, "listen_addr", "nowhere to listen on: set listen_addr or unix_socket_dir");
  }
  if (s.unix_socket_mode > kWidestSocketMode) {
    warn(draft, "unix_socket_mode",
         fmt::format("unix_socket_mode is {:#o} in octal: write octal numbers with a leading 0, "
                     "as in 0777", s.unix_socket_mode));
  }
}

// As libpq does: an attacker could make a weaker mode go on in the clear, and there is no answer
// of the server to go by.
void check_direct_tls(Draft& draft) {
  const Settings& s = draft.config.settings;
  if (draft.config.weir.server_tls_sslnegotiation != SslNegotiation::Direct ||
      s.server_tls_sslmode >= SslMode::Require)
    return;
  draft.problem(Severity::Error, draft.place(Section::Weir, "server_tls_sslnegotiation"),
                "server_tls_sslnegotiation = direct needs server_tls_sslmode require, verify-ca or "
                "verify-full");
}

void check_peers(Draft& draft) {
  if (draft.config.peers.empty() || draft.config.settings.peer_id != 0) return;
  const auto first = std::to_string(draft.config.peers.begin()->first);
  draft.problem(Severity::Warning, draft.place(Section::Peers, first),
                "[peers] has no effect without peer_id: give each process of the group its own");
}

}  // namespace

std::vector<Refused> refused_settings(const Settings& settings) {
  std::vector<Refused> refused;
  if (settings.auth_type == auth::AuthType::Cert &&
      settings.client_tls_sslmode < SslMode::VerifyCa) {
    refused.push_back({"auth_type", "auth_type cert needs client_tls_sslmode verify-full: without "
                                    "it no client's certificate is looked at"});
  }
  return refused;
}

void check(Draft& draft, const Files& files) {
  for (Refused& refused : refused_settings(draft.config.settings)) {
    draft.problem(Severity::Error, draft.place(Section::Main, refused.key),
                  std::move(refused.text));
  }
  check_effects(draft);
  check_auth(draft);
  check_hba(draft);
  check_direct_tls(draft);
  check_pool_sizes(draft);
  check_databases(draft);
  check_peers(draft);
  check_http(draft);
  check_sockets(draft, files);
}

}  // namespace weir::config
