#include "config/load.h"

#include <doctest/doctest.h>

#include "config/test_load.h"

using namespace weir;
using namespace weir::config;
using namespace std::chrono_literals;

namespace {

bool is_error(const Loaded& loaded, std::string_view text) {
  CAPTURE(told(loaded));
  return !loaded.config && told(loaded).find(text) != std::string::npos;
}

bool is_warning(const Loaded& loaded, std::string_view text) {
  CAPTURE(told(loaded));
  return loaded.config && told(loaded).find("warning: " + std::string(text)) != std::string::npos;
}

// With no problem at all.
const Config& clean(const Loaded& loaded) {
  REQUIRE_MESSAGE(loaded.config, told(loaded));
  CHECK(told(loaded) == "");
  return *loaded.config;
}

}  // namespace

TEST_CASE("the smallest file has every default") {
  const auto loaded = load_main("");
  const Config& config = clean(loaded);
  CHECK(config.settings.max_client_conn == 100);
  CHECK(config.settings.conffile == "c.ini");
  CHECK(config.databases.empty());
  CHECK_FALSE(config.fallback);
  CHECK(config.auth_users.find("bob") != nullptr);
}

TEST_CASE("a file needs [pgbouncer], in exactly these letters") {
  CHECK(is_error(load_text(""), "c.ini: error: main section missing from config file"));
  CHECK(is_error(load_text("[databases]\nx=\n"), "main section missing from config file"));
  CHECK(is_error(load_text("[PgBouncer]\n"),
                 "c.ini:1: error: invalid section \"PgBouncer\" in configuration (c.ini:1); did "
                 "you mean \"pgbouncer\"?"));
  CHECK(is_error(load_main("[foo]\nx=1\n"),
                 "invalid section \"foo\" in configuration (c.ini:3)\n"));
  CHECK(is_error(load_text("a=b\n[pgbouncer]"), "c.ini:1: error: value without section: a"));
  const auto missing = load("no.ini", MemoryFiles{});
  CHECK(is_error(missing, "could not load file \"no.ini\": No such file or directory"));
  CHECK(told(missing).find("main section") == std::string::npos);
}

TEST_CASE("errors of [pgbouncer] begin as PgBouncer's and name the cure") {
  CHECK(is_error(load_main("foo = 5\n"), "c.ini:3: error: unknown parameter: pgbouncer/foo\n"));
  CHECK(is_error(load_main("Max_client_conn=5\n"),
                 "unknown parameter: pgbouncer/Max_client_conn; did you mean "
                 "\"max_client_conn\"?"));
  CHECK(is_error(load_main("query_timeout = 5s\n"),
                 "c.ini:3: error: invalid value \"5s\" for parameter query_timeout in "
                 "configuration (c.ini:3): seconds are needed"));
  CHECK(is_error(load_main("max_client_conn='5'\n"), "invalid value \"'5'\""));
  CHECK(is_error(load_main("[weir]\nworker=1\n"),
                 "unknown parameter: weir/worker; did you mean \"workers\"?"));
}

TEST_CASE("all problems are told, not only the first") {
  const auto loaded = load_main(
      "foo=1\n"
      "bad line\n"
      "log_stats=on\n"
      "[databases]\n"
      "x = hots=1 port=abc\n"
      "[nosuch]\n"
      "y = z\n");
  CHECK_FALSE(loaded.config);
  CHECK(loaded.problems.size() == 6);
}

TEST_CASE("the last of two keys counts, with a warning that names the first") {
  const auto loaded = load_main("max_client_conn=50\nmax_client_conn=60\n");
  CHECK(is_warning(loaded, "max_client_conn was already set in c.ini:3: this one counts"));
  CHECK(loaded.config->settings.max_client_conn == 60);
}

TEST_CASE("another [pgbouncer] header sets back the keys that have a default") {
  const auto loaded = load_main(
      "max_client_conn=50\nauth_user=x\n[databases]\nx=\n[pgbouncer]\nlisten_port=7000\n");
  CHECK(is_warning(loaded, "another [pgbouncer] header sets back what was set above it: "
                           "max_client_conn; "));
  CHECK(loaded.config->settings.max_client_conn == 100);
  CHECK(loaded.config->settings.auth_user == "x");
  CHECK(loaded.config->settings.auth_file == "u.txt");
  CHECK(loaded.config->databases.contains("x"));
}

TEST_CASE("a header in an included file does the same") {
  auto files = test_files(
      "[pgbouncer]\nauth_file=u.txt\nmax_client_conn=50\n%include d.ini\nx = dbname=y\n");
  files.texts["d.ini"] = "[pgbouncer]\nlisten_port=7000\n[databases]\n";
  const auto loaded = load("c.ini", files);
  CHECK(is_warning(loaded, "another [pgbouncer] header"));
  CHECK(told(loaded).starts_with("d.ini:1: "));
  CHECK(loaded.config->settings.max_client_conn == 100);
  CHECK(loaded.config->databases.at("x").dbname == "y");
}

TEST_CASE("a database has the fields that its line gives") {
  const auto loaded = load_main(
      "[databases]\n"
      "x =\n"
      "'My Db' = host=1.1.1.1,b.c,/tmp,@d port=5433 dbname='a b' user=u password='p''w' "
      "pool_size=3 min_pool_size=2 reserve_pool=4 max_db_connections=30 pool_mode=Transaction "
      "server_lifetime=60 query_wait_timeout=7 client_encoding=UTF8 timezone=UTC "
      "load_balance_hosts=round-robin max_db_client_connections=9 datestyle=ISO "
      "application_name=web\n");
  const Config& config = clean(loaded);
  const Database& x = config.databases.at("x");
  CHECK(x.dbname == "x");
  CHECK(x.hosts.empty());
  CHECK(x.port == 5432);
  CHECK_FALSE(x.user);
  const Database& db = config.databases.at("My Db");
  CHECK(db.name == "My Db");
  CHECK(db.hosts == std::vector<std::string>{"1.1.1.1", "b.c", "/tmp", "@d"});
  CHECK(db.port == 5433);
  CHECK(db.dbname == "a b");
  CHECK(db.user == "u");
  CHECK(db.password == "p'w");
  CHECK(db.pool_size == 3);
  CHECK(db.min_pool_size == 2);
  CHECK(db.reserve_pool_size == 4);
  CHECK(db.max_db_connections == 30);
  CHECK(db.max_db_client_connections == 9);
  CHECK(db.pool_mode == PoolMode::Transaction);
  CHECK(db.server_lifetime == 60s);
  CHECK(db.query_wait_timeout == 7s);
  CHECK(db.client_encoding == "UTF8");
  CHECK(db.timezone == "UTC");
  CHECK(db.datestyle == "ISO");
  CHECK(db.application_name == "web");
  CHECK(db.load_balance_hosts == LoadBalanceHosts::RoundRobin);
}

TEST_CASE("errors of an entry name the key, the entry and the cure, never the password") {
  const auto with = [](std::string_view text) {
    return load_main("[databases]\nx = password=secret " + std::string(text) + "\n");
  };
  for (const auto& [text, expected] : std::vector<std::pair<std::string_view, std::string_view>>{
           {"hots=1", "unrecognized connection parameter: hots; did you mean \"host\"? (entry x)"},
           {"Host=1", "unrecognized connection parameter: Host; did you mean \"host\"?"},
           {"port=0", "invalid port: 0: a number from 1 to 65535 is needed (entry x)"},
           {"port=abc", "invalid port: abc"},
           {"pool_mode=FOO", "invalid pool mode: FOO: it is one of session"},
           {"load_balance_hosts=bar", "invalid load_balance_hosts: bar"},
           {"pool_size=many", "invalid pool_size: many"},
           {"host=,", "invalid host: it lists nothing"},
           {"host=", "syntax error in connection string: host has no value: leave it out"}}) {
    CAPTURE(text);
    const auto loaded = with(text);
    CHECK(is_error(loaded, "c.ini:4: error: " + std::string(expected)));
    CHECK(told(loaded).find("secret") == std::string::npos);
  }
}

TEST_CASE("a value that was taken for a host gets a warning") {
  CHECK(is_warning(load_main("[databases]\nx = host= port=5\n"), "\"port=5\" was read as a host"));
}

TEST_CASE("a password without a user gets a warning") {
  CHECK(is_warning(load_main("[databases]\nx = password=p\n"),
                   "database x has a password without"));
}

TEST_CASE("an entry named pgbouncer is ignored, with a warning") {
  const auto loaded = load_main("[databases]\npgbouncer = host=127.0.0.1\nx =\n");
  CHECK(is_warning(loaded, "database name \"pgbouncer\" is reserved: the entry is ignored"));
  CHECK(loaded.config->databases.size() == 1);
}

TEST_CASE("names have a longest length") {
  const std::string longest(63, 'a');
  CHECK(clean(load_main("[databases]\n" + longest + " =\n")).databases.contains(longest));
  CHECK(is_error(load_main("[databases]\n" + longest + "b =\n"), "error: too long db name: aaa"));
  CHECK(is_error(load_main("[users]\n" + std::string(128, 'u') + " =\n"), "too long user name"));
}

TEST_CASE("the last of two entries of one name counts as a whole") {
  const auto loaded = load_main("[databases]\nx = pool_size=3\nx = host=2.2.2.2\n");
  CHECK(is_warning(loaded, "x was already set in c.ini:4"));
  CHECK_FALSE(loaded.config->databases.at("x").pool_size);
}

TEST_CASE("the entry * is the fallback, quoted or not") {
  for (const auto* name : {"*", "'*'", "\"*\""}) {
    CAPTURE(name);
    const auto loaded = load_main("[databases]\n" + std::string(name) + " = host=10.0.0.1\n");
    const Config& config = clean(loaded);
    REQUIRE(config.fallback);
    CHECK(config.fallback->name == "*");
    CHECK(config.fallback->dbname.empty());
    CHECK(config.databases.empty());
  }
}

TEST_CASE("users have their overrides, and know no other keys") {
  const auto loaded = load_main(
      "[users]\n'bob x' =\n"
      "al = pool_mode=statement pool_size=4 query_timeout=9 max_user_connections=6 "
      "idle_transaction_timeout=8\n");
  const Config& config = clean(loaded);
  CHECK(config.users.contains("bob x"));
  const User& al = config.users.at("al");
  CHECK(al.pool_mode == PoolMode::Statement);
  CHECK(al.pool_size == 4);
  CHECK(al.query_timeout == 9s);
  CHECK(al.max_user_connections == 6);
  CHECK(al.idle_transaction_timeout == 8s);
  CHECK(is_error(load_main("[users]\nal = foo=3\n"),
                 "unrecognized user parameter: foo (entry al)"));
}

TEST_CASE("peers need a number and a host") {
  const auto loaded = load_main("[peers]\n1 = host=/tmp/a\n2 = host=1.2.3.4 port=7 pool_size=3\n");
  CHECK(is_warning(loaded, "[peers] has no effect without peer_id: "));
  CHECK(loaded.config->peers.at(1).port == 6432);
  CHECK(loaded.config->peers.at(2).port == 7);
  CHECK(loaded.config->peers.at(2).pool_size == 3);
  for (const auto* bad : {"0 = host=x", "a = host=x", "16384 = host=x", "-1 = host=x"}) {
    CAPTURE(bad);
    CHECK(is_error(load_main("[peers]\n" + std::string(bad) + "\n"),
                   "ids of peers must be a number larger than 0 and at most"));
  }
  CHECK(is_error(load_main("[peers]\n2 = port=5\n"), "host was not provided for peer 2"));
}

TEST_CASE("the section [weir]") {
  const auto loaded = load_main("[weir]\nworkers=3\nlog_format=JSON\n");
  CHECK(clean(loaded).weir.workers == 3);
  CHECK(loaded.config->weir.log_format == LogFormat::Json);
}

TEST_CASE("a broken auth_file is an error at its line, a missing one a warning") {
  auto files = test_files("[pgbouncer]\nauth_file=u.txt\n");
  files.texts["u.txt"] = "\"bob\" \"x\"\nal \"y\"\n";
  CHECK(is_error(load("c.ini", files), "u.txt:2: error: broken auth file: "));
  files.texts.erase("u.txt");
  CHECK(is_warning(load("c.ini", files),
                   "could not open auth_file u.txt: No such file or directory"));
}

TEST_CASE("the file that many applications ship with") {
  const auto loaded = load_text(
      ";; a typical file\n"
      "[databases]\n"
      "pgbouncer = host=10.0.0.5 port=5432 dbname=pgbouncer\n"
      "coldchain = host=10.0.0.5 port=5432 dbname=coldchain\n"
      "\n"
      "[pgbouncer]\n"
      "listen_addr = 0.0.0.0\n"
      "listen_port = 6432\n"
      "auth_type = scram-sha-256\n"
      "auth_file = u.txt\n"
      "pool_mode = transaction\n"
      "max_client_conn = 100\n"
      "default_pool_size = 20\n"
      "min_pool_size = 10\n"
      "reserve_pool_size = 5\n"
      "max_prepared_statements = 200\n"
      "query_timeout = 30\n"
      "query_wait_timeout = 120\n"
      "server_lifetime = 3600\n"
      "ignore_startup_parameters = extra_float_digits, options\n"
      "admin_users = postgres\n");
  CHECK(is_warning(loaded, "database name \"pgbouncer\" is reserved"));
  CHECK(loaded.problems.size() == 1);
  const Config& config = *loaded.config;
  const Database& db = config.databases.at("coldchain");
  CHECK(config.pool_mode(db, "app") == PoolMode::Transaction);
  CHECK(config.pool_size(db, "app") == 20);
  CHECK(config.min_pool_size(db, "app") == 10);
  CHECK(config.reserve_pool_size(db, "app") == 5);
  CHECK(config.settings.max_client_conn == 100);
  CHECK(config.settings.max_prepared_statements == 200);
  CHECK(config.query_timeout("app") == 30s);
  CHECK(config.query_wait_timeout(db, "app") == 120s);
  CHECK(config.server_lifetime(db) == 1h);
  CHECK(config.settings.ignore_startup_parameters.size() == 2);
  CHECK(config.is_admin("postgres"));
}

TEST_CASE("a reload keeps what cannot change while running, and says so") {
  const auto running = load_main("listen_port=7000\nmax_client_conn=50\n").config;
  auto files = test_files("[pgbouncer]\nauth_file=u.txt\nlisten_port=7001\nmax_client_conn=60\n"
                          "[weir]\nworkers=9\n");
  const auto next = reload(*running, "c.ini", files);
  CHECK(is_warning(next, "listen_port cannot change while running: it stays 7000 until a restart"));
  CHECK(is_warning(next, "workers cannot change"));
  CHECK(next.problems.size() == 2);
  CHECK(next.config->settings.listen_port == 7000);
  CHECK(next.config->settings.max_client_conn == 60);
  CHECK(next.config->weir.workers == 0);
}

TEST_CASE("a reload without the auth_file keeps its users, one with errors gives nothing") {
  const auto running = load_main("").config;
  auto files = test_files("[pgbouncer]\nauth_file=u.txt\n");
  files.texts.erase("u.txt");
  const auto next = reload(*running, "c.ini", files);
  CHECK(is_warning(next, "could not open auth_file"));
  CHECK(next.config->auth_users.find("bob") != nullptr);
  files.texts["c.ini"] = "[pgbouncer]\nauth_file=other.txt\n";
  CHECK(reload(*running, "c.ini", files).config->auth_users.size() == 0);
  files.texts["c.ini"] = "[pgbouncer]\nfoo=1\n";
  CHECK_FALSE(reload(*running, "c.ini", files).config);
}

TEST_CASE("one setting can be changed in a copy") {
  const auto running = load_main("").config;
  const auto next = with_setting(*running, "max_client_conn", "0x10");
  REQUIRE(next);
  CHECK((*next)->settings.max_client_conn == 16);
  CHECK(running->settings.max_client_conn == 100);
  CHECK((*next)->auth_users.find("bob") != nullptr);
  CHECK((*with_setting(*running, "listen_port", "5"))->settings.listen_port == 6432);
  CHECK(with_setting(*running, "foo", "5").error().text == "unknown parameter: pgbouncer/foo");
  CHECK(with_setting(*running, "pool_mode", "x").error().text.starts_with(
      "invalid value \"x\" for parameter pool_mode: it is one of"));
  CHECK_FALSE(with_setting(*running, "auth_type", "ldap"));
  CHECK(with_setting(*running, "client_tls_sslmode", "prefer"));
}
