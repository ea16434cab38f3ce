#include "config/options.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "config/load.h"
#include "config/test_load.h"
#include "config/value.h"

using namespace weir;
using namespace weir::config;

namespace {

constexpr Section kSections[] = {Section::Main, Section::Weir, Section::Databases, Section::Users,
                                 Section::Peers};

struct Owners {
  Settings settings;
  WeirSettings weir;
  Database database;
  User user;
  Peer peer;

  Owner of(Section section) {
    switch (section) {
      case Section::Main: return &settings;
      case Section::Weir: return &weir;
      case Section::Databases: return &database;
      case Section::Users: return &user;
      case Section::Peers: return &peer;
    }
    return &settings;
  }
  ConstOwner view(Section section) {
    return std::visit([](auto* owner) -> ConstOwner { return owner; }, of(section));
  }
};

// A text that is in range, is not the default, and comes back as it is.
std::string sample(const Option& option) {
  switch (option.type) {
    case Type::Bool: return option.default_text == "1" ? "0" : "1";
    case Type::Int:
    case Type::WholeSeconds:
    case Type::Milliseconds: return std::to_string(std::min<std::int64_t>(option.max, 47));
    case Type::Seconds: return "7.25";
    case Type::Text: return "some 'text' ; # here";
    case Type::List: return "one,two";
    case Type::Choice: return std::string(option.choices.back());
  }
  return {};
}

}  // namespace

TEST_CASE("the field of every option has the table's default") {
  Owners owners;
  for (const Section section : kSections) {
    for (const Option& option : options(section)) {
      if (!option.default_text) continue;
      CAPTURE(option.name);
      const auto parsed = parse_value(option, *option.default_text);
      REQUIRE(parsed);
      CHECK(parsed->warning.empty());
      CHECK(option.get(owners.view(section)) == parsed->value);
    }
  }
}

TEST_CASE("every option keeps what it is given, and nothing else changes") {
  for (const Section section : kSections) {
    for (const Option& option : options(section)) {
      CAPTURE(option.name);
      Owners owners;
      const auto parsed = parse_value(option, sample(option));
      REQUIRE(parsed);
      CHECK(option.get(owners.view(section)) != parsed->value);
      option.set(owners.of(section), parsed->value);
      CHECK(option.get(owners.view(section)) == parsed->value);
      CHECK(format_value(option, option.get(owners.view(section))) == sample(option));
      Owners untouched;
      for (const Option& other : options(section)) {
        if (other.name == option.name) continue;
        CAPTURE(other.name);
        CHECK(other.get(owners.view(section)) == other.get(untouched.view(section)));
      }
    }
  }
}

TEST_CASE("rows are sorted, found by name, and say what they are for") {
  for (const Section section : kSections) {
    const auto rows = options(section);
    CHECK(std::ranges::is_sorted(rows, {}, &Option::name));
    for (const Option& option : rows) {
      CAPTURE(option.name);
      CHECK(find_option(section, option.name) == &option);
      CHECK(option.help.ends_with('.'));
      CHECK((option.effect == Effect::Needless) == !option.instead.empty());
      CHECK(option.section == section);
    }
  }
  CHECK(find_option(Section::Main, "foo") == nullptr);
  CHECK(find_option(Section::Main, "Max_client_conn") == nullptr);
  CHECK(find_option(Section::Databases, "reserve_pool")->name == "reserve_pool_size");
  CHECK(find_option(Section::Main, "reserve_pool") == nullptr);
}

TEST_CASE("sections are found by exactly their names") {
  for (const Section section : kSections) CHECK(find_section(section_name(section)) == section);
  CHECK_FALSE(find_section("PgBouncer"));
  CHECK_FALSE(find_section(" pgbouncer"));
}

TEST_CASE("SHOW CONFIG has PgBouncer's rows") {
  const auto rows = show(Config{});
  CHECK(rows.size() == 99);
  CHECK(std::ranges::is_sorted(rows, {}, &ShownOption::key));
  const std::set<std::string> expected_fixed{
      "disable_pqexec", "job_name", "listen_addr", "listen_backlog", "listen_port", "pidfile",
      "pkt_buf", "resolv_conf", "so_reuseport", "track_extra_parameters", "unix_socket_dir",
      "unix_socket_group", "unix_socket_mode", "user"};
  const std::set<std::string> expected_null{
      "auth_dbname", "auth_file", "auth_ident_file", "auth_ldap_options", "auth_user",
      "client_tls13_ciphers", "conffile", "server_tls13_ciphers", "user", "verbose"};
  std::set<std::string> fixed, null;
  for (const auto& row : rows) {
    if (!row.changeable) fixed.insert(row.key);
    if (!row.default_value) null.insert(row.key);
  }
  CHECK(fixed == expected_fixed);
  CHECK(null == expected_null);
}

TEST_CASE("SHOW CONFIG prints values in PgBouncer's forms") {
  const auto loaded = load_main(
      "query_timeout = 2.50\n"
      "query_wait_timeout = 1e2\n"
      "server_lifetime = .5\n"
      "server_check_delay = 12345678.000001\n"
      "max_client_conn = 0x20\n"
      "auth_type = Trust\n"
      "pool_mode = TRANSACTION\n"
      "tcp_user_timeout = 2500\n"
      "listen_addr = 127.0.0.1 , ::1\n");
  REQUIRE_MESSAGE(loaded.config, told(loaded));
  std::map<std::string, ShownOption> rows;
  for (auto& row : show(*loaded.config)) rows[row.key] = row;
  CHECK(rows["query_timeout"].value == "2.5");
  CHECK(rows["query_wait_timeout"].value == "100");
  CHECK(rows["server_lifetime"].value == "0.5");
  CHECK(rows["server_check_delay"].value == "1.23457e+07");
  CHECK(rows["reserve_pool_timeout"].value == "5");
  CHECK(rows["max_client_conn"].value == "32");
  CHECK(rows["auth_type"].value == "trust");
  CHECK(rows["auth_type"].default_value == "md5");
  CHECK(rows["pool_mode"].value == "transaction");
  CHECK(rows["tcp_user_timeout"].value == "2500");
  CHECK(rows["listen_addr"].value == "127.0.0.1,::1");
  CHECK(rows["unix_socket_mode"].value == "511");
  CHECK(rows["unix_socket_mode"].default_value == "0777");
  CHECK(rows["conffile"].value == "c.ini");
  CHECK(rows["auth_file"].value == "u.txt");
  CHECK(rows["verbose"].value == "0");
  CHECK_FALSE(rows["auth_user"].value);
  CHECK(rows["logfile"].value == "");
  CHECK(rows["log_stats"].value == "1");
}

TEST_CASE("the reference page names every option once a section") {
  const auto page = reference_markdown();
  for (const Section section : kSections) {
    const auto from = page.find("## [" + std::string(section_name(section)) + "]");
    REQUIRE(from != std::string::npos);
    const auto part = page.substr(from, page.find("\n## [", from) - from);
    for (const Option& option : options(section)) {
      CAPTURE(option.name);
      CHECK(part.find("| `" + std::string(option.name) + "` |") != std::string::npos);
    }
  }
  CHECK(page.find("| `query_wait_notify` | whole seconds | `5` | yes |") != std::string::npos);
}
