// LDAP: whether a directory takes the password, as an entry whose name is made of the user's, or as
// the one entry that a search finds. The order of steps is PostgreSQL's; errors are PgBouncer's.
#include <fmt/format.h>
#include <ldap.h>

#include <memory>
#include <string>
#include <utility>

#include "auth/digest.h"
#include "base/result.h"
#include "login/answer.h"

namespace weir::login {

namespace {

using auth::LdapOptions;

// For each step, so that a thread is not held for ever.
constexpr timeval kPatience{.tv_sec = 10, .tv_usec = 0};

struct CloseConnection {
  void operator()(LDAP* ldap) const { ::ldap_unbind_ext_s(ldap, nullptr, nullptr); }
};
using Connection = std::unique_ptr<LDAP, CloseConnection>;

struct FreeResult {
  void operator()(LDAPMessage* message) const { ::ldap_msgfree(message); }
};

// What the library has made and wants to have back by ldap_memfree().
std::string take_text(char* text) {
  std::string out = text == nullptr ? "" : text;
  ::ldap_memfree(text);
  return out;
}

// The servers that DNS names for the domain of a distinguished name.
Result<std::string> servers_of(const std::string& base_dn) {
  char* domain_text = nullptr;
  if (::ldap_dn2domain(base_dn.c_str(), &domain_text) != 0)
    return fail("could not extract domain name from ldapbasedn");
  const std::string domain = take_text(domain_text);
  char* list = nullptr;
  if (::ldap_domain2hostlist(domain.c_str(), &list) != 0)
    return fail(fmt::format("LDAP authentication could not find DNS SRV records for \"{}\"",
                            domain));
  return take_text(list);
}

bool names_port(std::string_view server) {
  const auto colon = server.rfind(':');
  return colon != std::string_view::npos &&
         (server.find(':') == colon || server.find(']') + 1 == colon);
}

// What ldap_initialize() takes: addresses of all servers, parted by blanks.
std::string addresses(const LdapOptions& options, std::string_view servers) {
  std::string out;
  while (!servers.empty()) {
    const auto end = servers.find(' ');
    const auto server = servers.substr(0, end);
    servers.remove_prefix(end == std::string_view::npos ? servers.size() : end + 1);
    if (server.empty()) continue;
    if (!out.empty()) out += ' ';
    out += fmt::format("{}://{}", options.scheme, server);
    if (options.port != 0 && !names_port(server)) out += fmt::format(":{}", options.port);
  }
  return out;
}

Result<Connection> connect(const LdapOptions& options) {
  std::string servers = options.server;
  if (servers.empty()) {
    auto found = servers_of(options.base_dn);
    if (!found) return std::unexpected(found.error());
    servers = std::move(*found);
  }
  LDAP* handle = nullptr;
  int status = ::ldap_initialize(&handle, addresses(options, servers).c_str());
  if (status != LDAP_SUCCESS)
    return fail(fmt::format("could not initialize LDAP: {}", ::ldap_err2string(status)));
  Connection ldap(handle);
  const int version = LDAP_VERSION3;
  ::ldap_set_option(handle, LDAP_OPT_PROTOCOL_VERSION, &version);
  ::ldap_set_option(handle, LDAP_OPT_NETWORK_TIMEOUT, &kPatience);
  ::ldap_set_option(handle, LDAP_OPT_TIMEOUT, &kPatience);
  if (!options.tls) return ldap;
  status = ::ldap_start_tls_s(handle, nullptr, nullptr);
  if (status != LDAP_SUCCESS)
    return fail(fmt::format("could not start LDAP TLS session: {}, server: {}, port: {}",
                            ::ldap_err2string(status), options.server, options.port));
  return ldap;
}

int bind(LDAP* ldap, const std::string& name, const std::string& password) {
  std::string secret = password;
  const auth::WipeAtExit wipe_secret(secret);
  berval credentials{.bv_len = secret.size(), .bv_val = secret.data()};
  return ::ldap_sasl_bind_s(ldap, name.c_str(), LDAP_SASL_SIMPLE, &credentials, nullptr, nullptr,
                            nullptr);
}

// RFC 4515: what has a meaning in a filter goes in as a number.
std::string escape_filter(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '*' || c == '(' || c == ')' || c == '\\') {
      out += fmt::format("\\{:02x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out;
}

// RFC 4514, where prefix or suffix make a distinguished name of it; DOMAIN\user and user@domain
// are none.
std::string bind_name(const LdapOptions& options, std::string_view user) {
  const bool distinguished = options.prefix.find('=') != std::string::npos ||
                             options.suffix.find('=') != std::string::npos;
  std::string out = options.prefix;
  for (const char c : user) {
    if (distinguished && std::string_view(",+\"\\<>;=# ").find(c) != std::string_view::npos)
      out += '\\';
    out += c;
  }
  return out + options.suffix;
}

std::string filter_for(const LdapOptions& options, std::string_view user) {
  constexpr std::string_view kUser = "$username";
  const std::string escaped = escape_filter(user);
  if (options.search_filter.empty())
    return fmt::format("({}={})",
                       options.search_attribute.empty() ? "uid" : options.search_attribute,
                       escaped);
  std::string out;
  std::string_view rest = options.search_filter;
  for (auto at = rest.find(kUser); at != std::string_view::npos; at = rest.find(kUser)) {
    out.append(rest.substr(0, at)).append(escaped);
    rest.remove_prefix(at + kUser.size());
  }
  return out.append(rest);
}

int scope_of(auth::LdapScope scope) {
  switch (scope) {
    case auth::LdapScope::Base: return LDAP_SCOPE_BASE;
    case auth::LdapScope::One: return LDAP_SCOPE_ONELEVEL;
    case auth::LdapScope::Subtree: break;
  }
  return LDAP_SCOPE_SUBTREE;
}

// The name of the one entry that is meant.
Result<std::string> find_entry(const LdapOptions& options, const std::string& user) {
  auto ldap = connect(options);
  if (!ldap) return std::unexpected(ldap.error());
  int status = bind(ldap->get(), options.bind_dn, options.bind_password);
  if (status != LDAP_SUCCESS)
    return fail(fmt::format("could not perform initial LDAP bind for ldapbinddn \"{}\" on server "
                            "\"{}\": {}", options.bind_dn, options.server,
                            ::ldap_err2string(status)));
  const std::string filter = filter_for(options, user);
  char none[] = LDAP_NO_ATTRS;
  char* attributes[] = {none, nullptr};
  timeval patience = kPatience;
  LDAPMessage* found = nullptr;
  status = ::ldap_search_ext_s(ldap->get(), options.base_dn.c_str(), scope_of(options.scope),
                               filter.c_str(), attributes, 0, nullptr, nullptr, &patience, 2,
                               &found);
  const std::unique_ptr<LDAPMessage, FreeResult> result(found);
  const int entries = result ? ::ldap_count_entries(ldap->get(), found) : 0;
  if (entries > 1 || status == LDAP_SIZELIMIT_EXCEEDED)
    return fail(fmt::format("LDAP user \"{}\" is not unique", user));
  if (status != LDAP_SUCCESS)
    return fail(fmt::format("could not search LDAP for filter \"{}\" on server \"{}\": {}", filter,
                            options.server, ::ldap_err2string(status)));
  if (entries == 0) return fail(fmt::format("LDAP user \"{}\" does not exist", user));
  return take_text(::ldap_get_dn(ldap->get(), ::ldap_first_entry(ldap->get(), found)));
}

// The error is the reason why not.
Result<void> check(const auth::Question& question) {
  const LdapOptions& options = question.ldap;
  // A bind without a password is an anonymous one, and always succeeds.
  if (question.password.empty()) return fail("an empty password proves nothing to LDAP");
  Result<std::string> name = options.searches() ? find_entry(options, question.user)
                                                : bind_name(options, question.user);
  if (!name) return std::unexpected(name.error());
  auto ldap = connect(options);
  if (!ldap) return std::unexpected(ldap.error());
  const int status = bind(ldap->get(), *name, question.password);
  if (status == LDAP_SUCCESS) return {};
  return fail(fmt::format("LDAP login failed for user {} on server {}: {}", *name, options.server,
                          ::ldap_err2string(status)));
}

}  // namespace

auth::Verdict ask_ldap(const auth::Question& question) {
  const auto ok = check(question);
  if (ok) return {.outcome = auth::Verdict::Outcome::Yes};
  return {.text = ok.error().text};
}

}  // namespace weir::login
