#include "auth/ldap_options.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <utility>

#include "auth/field_line.h"

namespace weir::auth {

namespace {

Result<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0)
    return fail(fmt::format("{} is not a port: write a number from 1 to 65535", text));
  return port;
}

Result<std::string> decode_percent(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      out += text[at];
      continue;
    }
    unsigned value = 0;
    const auto digits = text.substr(at + 1, 2);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (digits.size() != 2 || error != std::errc{} || end != digits.data() + 2 || value == 0)
      return fail("in ldapurl two hexadecimal digits are needed after %");
    out += static_cast<char>(value);
    at += 2;
  }
  return out;
}

std::optional<LdapScope> parse_scope(std::string_view text) {
  if (text == "base") return LdapScope::Base;
  if (text == "one") return LdapScope::One;
  if (text == "sub") return LdapScope::Subtree;
  return std::nullopt;
}

std::string_view take_until(std::string_view& rest, char separator) {
  const auto end = rest.find(separator);
  const auto part = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return part;
}

// host, host:port, [::1]:port or nothing.
Result<void> set_host(LdapOptions& options, std::string_view host) {
  const auto colon = host.rfind(':');
  const bool has_port = colon != std::string_view::npos && host.find(']', colon) ==
                                                               std::string_view::npos;
  if (has_port) {
    const auto port = parse_port(host.substr(colon + 1));
    if (!port) return std::unexpected(port.error());
    options.port = *port;
  }
  options.server = has_port ? host.substr(0, colon) : host;
  return {};
}

// scheme://host:port/basedn?attribute?scope?filter
Result<void> set_url(LdapOptions& options, std::string_view url) {
  const auto scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos)
    return fail("ldapurl has no scheme: begin it with ldap:// or ldaps://");
  if (auto ok = set_ldap_option(options, "ldapscheme", url.substr(0, scheme_end)); !ok) return ok;
  url.remove_prefix(scheme_end + 3);
  if (auto ok = set_host(options, take_until(url, '/')); !ok) return ok;
  const auto base_dn = decode_percent(take_until(url, '?'));
  const auto attribute = decode_percent(take_until(url, '?'));
  const auto scope = take_until(url, '?');
  const auto filter = decode_percent(take_until(url, '?'));
  for (const auto* part : {&base_dn, &attribute, &filter})
    if (!*part) return std::unexpected(part->error());
  if (!url.empty()) return fail("extensions in ldapurl are not supported");
  options.base_dn = *base_dn;
  options.search_attribute = *attribute;
  options.search_filter = *filter;
  if (scope.empty()) return {};
  const auto parsed = parse_scope(scope);
  if (!parsed) return fail(fmt::format("{} is not a scope: write base, one or sub", scope));
  options.scope = *parsed;
  return {};
}

constexpr std::pair<std::string_view, std::string LdapOptions::*> kTexts[] = {
    {"ldapserver", &LdapOptions::server},
    {"ldapprefix", &LdapOptions::prefix},
    {"ldapsuffix", &LdapOptions::suffix},
    {"ldapbasedn", &LdapOptions::base_dn},
    {"ldapbinddn", &LdapOptions::bind_dn},
    {"ldapbindpasswd", &LdapOptions::bind_password},
    {"ldapsearchattribute", &LdapOptions::search_attribute},
    {"ldapsearchfilter", &LdapOptions::search_filter},
};

}  // namespace

Result<void> set_ldap_option(LdapOptions& options, std::string_view name, std::string_view value) {
  for (const auto& [known, field] : kTexts) {
    if (name != known) continue;
    options.*field = value;
    return {};
  }
  if (name == "ldapurl") return set_url(options, value);
  if (name == "ldapport") {
    const auto port = parse_port(value);
    if (!port) return std::unexpected(port.error());
    options.port = *port;
    return {};
  }
  if (name == "ldaptls") {
    if (value != "0" && value != "1") return fail("ldaptls is 1 or 0");
    options.tls = value == "1";
    return {};
  }
  if (name == "ldapscheme") {
    if (value != "ldap" && value != "ldaps")
      return fail(fmt::format("{} is not a scheme: write ldap or ldaps", value));
    options.scheme = value;
    return {};
  }
  return fail(fmt::format("{} is not an LDAP option", name));
}

Result<void> check_ldap_options(const LdapOptions& o) {
  if (o.server.empty() && !o.searches())
    return fail("ldap needs ldapserver= or the host in ldapurl=");
  const bool direct = !o.prefix.empty() || !o.suffix.empty();
  const bool search_only = !o.base_dn.empty() || !o.bind_dn.empty() || !o.bind_password.empty() ||
                           !o.search_attribute.empty() || !o.search_filter.empty();
  if (direct && search_only)
    return fail("ldapprefix and ldapsuffix do not go together with ldapurl, ldapbasedn, "
                "ldapbinddn, ldapbindpasswd, ldapsearchattribute and ldapsearchfilter");
  if (!direct && !o.searches())
    return fail("ldap needs ldapprefix= or ldapsuffix=, or ldapbasedn= to search below");
  if (!o.search_attribute.empty() && !o.search_filter.empty())
    return fail("ldapsearchattribute and ldapsearchfilter do not go together");
  if (o.tls && o.scheme == "ldaps")
    return fail("ldaptls=1 is not for ldaps, which is encrypted from the start");
  return {};
}

Result<LdapOptions> parse_ldap_options(std::string_view text) {
  const auto fields = split_fields(text);
  if (!fields) return std::unexpected(fields.error());
  LdapOptions options;
  for (const Field& field : *fields) {
    const std::string_view word = field.front().text;
    const auto equals = word.find('=');
    if (field.size() > 1 || equals == std::string_view::npos)
      return fail(fmt::format("{} is not of the form name=value, the value in double quotes where "
                              "it has blanks or commas", word.substr(0, equals)));
    const auto ok = set_ldap_option(options, word.substr(0, equals), word.substr(equals + 1));
    if (!ok) return std::unexpected(ok.error());
  }
  if (auto ok = check_ldap_options(options); !ok) return std::unexpected(ok.error());
  return options;
}

std::string without_ldap_password(std::string_view text) {
  constexpr std::string_view kName = "ldapbindpasswd";
  if (text.find(kName) == std::string_view::npos) return std::string(text);
  const auto fields = split_fields(text);
  if (!fields) return "***";
  std::string out;
  for (const Field& field : *fields) {
    const std::string_view word = field.front().text;
    const auto equals = word.find('=');
    if (!out.empty()) out += ' ';
    if (equals == std::string_view::npos || word.substr(0, equals) == kName) {
      out += fmt::format("{}=***", word.substr(0, equals));
    } else {
      out += fmt::format("{}=\"{}\"", word.substr(0, equals), word.substr(equals + 1));
    }
  }
  return out;
}

}  // namespace weir::auth
