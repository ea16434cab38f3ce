#include "watch/login.h"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <stdlib.h>

#include <algorithm>
#include <array>
#include <memory>

namespace weir::watch {

namespace {

using Options = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;

bool has(const Parameters& parameters, std::string_view keyword) {
  return std::ranges::find(parameters, keyword, &Parameters::value_type::first) != parameters.end();
}

bool is_set(const char* variable) {
  const char* value = getenv(variable);
  return value != nullptr && *value != '\0';
}

Result<Parameters> parse(const std::string& connection_string) {
  char* reason = nullptr;
  const Options options(PQconninfoParse(connection_string.c_str(), &reason), &PQconninfoFree);
  if (options == nullptr) {
    std::string text = reason == nullptr ? "out of memory" : reason;
    PQfreemem(reason);
    while (text.ends_with('\n')) text.pop_back();
    return fail(fmt::format(
        "{}; a connection string is postgres://USER@HOST:6432/pgbouncer, or \"host=HOST port=6432 "
        "user=USER\"",
        text));
  }
  Parameters parameters;
  for (const auto* option = options.get(); option->keyword != nullptr; ++option)
    if (option->val != nullptr) parameters.emplace_back(option->keyword, option->val);
  return parameters;
}

struct Cure {
  std::string_view sign, cure;
};

// By the words of PgBouncer, Weir and libpq; the first that fits.
constexpr std::array kCures{
    Cure{"no password supplied",
         "give it in PGPASSWORD or in ~/.pgpass (HOST:6432:pgbouncer:USER:PASSWORD)"},
    Cure{"password authentication failed",
         "check user and password, and that auth_file or auth_query of the pooler knows the user"},
    Cure{"SASL authentication failed",
         "check user and password, and that auth_file or auth_query of the pooler knows the user"},
    Cure{"not allowed",
         "the console is for the users in admin_users and stats_users of the pooler: connect as "
         "one of them (user=NAME), or add this one and RELOAD"},
    Cure{"no such database",
         "the console's database is pgbouncer: leave out dbname, or say dbname=pgbouncer"},
    Cure{"does not exist",
         "that is a PostgreSQL server, or a pooler's database: connect to the pooler's port and to "
         "dbname=pgbouncer"},
    Cure{"refused",
         "is the pooler running there? `weir top \"host=HOST port=PORT\"` asks another one"},
    Cure{"No such file or directory",
         "is the pooler running, with this unix_socket_dir and listen_port?"},
    Cure{"could not translate host name", "check the name of the host"},
    Cure{"SSL required", "say sslmode=require"},
    Cure{"does not support SSL", "say sslmode=prefer, or set client_tls_sslmode of the pooler"},
    Cure{"no answer to the login",
         "is that the pooler's address, and does a firewall let it through?"}};

}  // namespace

Result<Parameters> console_parameters(const std::string& connection_string) {
  auto parsed = parse(connection_string);
  if (!parsed) return parsed;
  Parameters& parameters = *parsed;
  const bool service = has(parameters, "service") || is_set("PGSERVICE");
  const bool hosted = has(parameters, "host") || has(parameters, "hostaddr") || is_set("PGHOST") ||
                      is_set("PGHOSTADDR");
  if (!service && !hosted) parameters.emplace_back("host", "127.0.0.1");
  if (!service && !has(parameters, "port") && !is_set("PGPORT"))
    parameters.emplace_back("port", "6432");
  if (!has(parameters, "dbname")) parameters.emplace_back("dbname", "pgbouncer");
  if (!has(parameters, "application_name") && !is_set("PGAPPNAME"))
    parameters.emplace_back("application_name", "weir top");
  return parsed;
}

std::string_view brief(std::string_view reason) {
  constexpr std::string_view kBefore = "failed: ";
  const std::size_t found = reason.rfind(kBefore);
  return found == reason.npos ? reason : reason.substr(found + kBefore.size());
}

std::string explain_refusal(std::string_view reason) {
  const auto found = std::ranges::find_if(
      kCures, [reason](const Cure& cure) { return reason.contains(cure.sign); });
  return found == kCures.end() ? std::string(reason) : fmt::format("{}; {}", reason, found->cure);
}

std::string not_a_console(std::string_view reason) {
  return fmt::format(
      "that is no pooler's console ({}); connect to the port of Weir or PgBouncer, and to "
      "dbname=pgbouncer",
      reason);
}

}  // namespace weir::watch
