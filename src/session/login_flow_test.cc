#include <doctest/doctest.h>

#include <algorithm>

#include "session/engine.h"
#include "wire/message.h"

namespace weir::session {

namespace {

using auth::AuthType;
using auth::Verdict;

class NoRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override { std::ranges::fill(out, std::uint8_t{7}); }
};

struct NoFiles final : auth::TextFiles {
  Result<std::string> read(const std::string&) const override { return fail("none"); }
};

std::shared_ptr<config::Config> make_config(AuthType type, std::string_view hba = {}) {
  auto config = std::make_shared<config::Config>();
  config->settings.auth_type = type;
  config->weir.auth_failure_delay = {};
  config->ldap.emplace().server = "directory";
  for (const auto* user : {"bob", "alice"}) config->auth_users.set(user, auth::parse_secret("x"));
  config::Database entry;
  entry.name = entry.dbname = "d";
  entry.hosts = {"127.0.0.1"};
  config->databases.emplace("d", entry);
  auth::FileProblems problems;
  config->hba = auth::parse_hba(hba, "hba", NoFiles(), problems);
  config->ident = auth::parse_ident("m Robert bob\nm root all\n", "ident", problems);
  REQUIRE(problems.empty());
  return config;
}

// One client's login: what it is told, what is asked, whether a server is opened for it.
struct Login {
  NoRandom random;
  pool::Ledger ledger{1};
  std::shared_ptr<config::Config> config;
  Engine engine;
  Effects effects;
  Instant now{std::chrono::seconds(1)};
  ClientId id;
  std::vector<std::uint32_t> requests;  // for authentication
  std::string error, log;
  std::vector<auth::Question> questions;
  bool let_in = false, closed = false;

  explicit Login(std::shared_ptr<config::Config> the_config)
      : config(std::move(the_config)),
        engine({.worker = 0, .ledger = ledger, .random = random, .config = config,
                .mock_key = {}}) {}

  Login& start(Peer peer, std::string_view user, std::string_view database = "d") {
    id = engine.client_connected(std::move(peer), now);
    wire::Buffer packet;
    wire::append_startup(packet, wire::kProtocol30,
                         {{"user", std::string(user)}, {"database", std::string(database)}});
    engine.client_bytes(id, packet, now, effects);
    return perform();
  }
  Login& password(std::string_view text) {
    wire::Buffer message;
    wire::Writer(message, wire::fe::kPassword).cstr(text);
    engine.client_bytes(id, message, now, effects);
    return perform();
  }
  Login& answer(Verdict::Outcome outcome, std::string text = {}) {
    REQUIRE(questions.size() == 1);
    engine.verdict({.outcome = outcome, .client = questions[0].client, .text = std::move(text)},
                   now, effects);
    return perform();
  }
  Login& tick(Duration after) {
    now += after;
    engine.tick(now, effects);
    return perform();
  }

 private:
  void read(Bytes bytes) {
    while (bytes.size() >= wire::kHeaderSize) {
      const std::size_t size = load_u32(bytes.data() + 1) + 1;
      const Bytes body = bytes.subspan(wire::kHeaderSize, size - wire::kHeaderSize);
      if (bytes[0] == wire::be::kAuthentication) requests.push_back(load_u32(body.data()));
      if (bytes[0] == wire::be::kErrorResponse)
        error = std::string(wire::report_field(body, 'C')) + " " +
                std::string(wire::report_field(body, 'M'));
      bytes = bytes.subspan(size);
    }
  }
  Login& perform() {
    for (const Effect& effect : effects.list()) {
      const bool client = effect.connection.side == Connection::Side::Client;
      if (effect.kind == Effect::Kind::Send && client) read(effect.bytes);
      if (effect.kind == Effect::Kind::Ask) questions.push_back(effects.question(effect.number));
      if (effect.kind == Effect::Kind::Log) log += effects.log_entry(effect.number).text + "\n";
      let_in |= effect.kind == Effect::Kind::Connect;
      closed |= effect.kind == Effect::Kind::Close && client;
    }
    effects.clear();
    engine.check_invariants();
    return *this;
  }
};

Peer from_tcp() { return {.address = "10.0.0.9", .port = 7, .local_address = {}}; }

Peer from_unix(std::uint32_t uid, bool same_user = false) {
  Peer peer{.address = "unix", .port = 7, .local_address = {}};
  peer.unix_peer = UnixPeer{.pid = 42, .uid = uid, .same_user = same_user};
  return peer;
}

Peer with_certificate(std::string cn, std::vector<std::string> names = {}) {
  Peer peer = from_tcp();
  peer.tls = true;
  peer.tls_facts = std::make_unique<TlsFacts>();
  peer.tls_facts->has_certificate = true;
  peer.tls_facts->certificate_cn = std::move(cn);
  peer.tls_facts->certificate_names = std::move(names);
  return peer;
}

constexpr auto kClearText = wire::authentication::kClearText;

}  // namespace

TEST_CASE("PAM and LDAP are asked with the password, and their answer counts") {
  for (const AuthType type : {AuthType::Pam, AuthType::Ldap}) {
    CAPTURE(static_cast<int>(type));
    Login login(make_config(type));
    login.start(from_tcp(), "stranger");
    CHECK(login.requests == std::vector{kClearText});
    login.password("secret");
    REQUIRE(login.questions.size() == 1);
    const auth::Question& question = login.questions[0];
    CHECK(question.user == "stranger");
    CHECK(question.password == "secret");
    CHECK(question.service == (type == AuthType::Pam ? "pgbouncer" : ""));
    CHECK(question.address == (type == AuthType::Pam ? "10.0.0.9" : ""));
    CHECK(question.ldap.server == (type == AuthType::Ldap ? "directory" : ""));
    CHECK_FALSE(login.engine.client_readable(login.id, login.now, login.effects));
    CHECK(login.answer(Verdict::Outcome::Yes).let_in);
    CHECK(login.error.empty());
  }
}

TEST_CASE("a no, too many questions and an empty password are told apart") {
  Login no(make_config(AuthType::Pam));
  no.start(from_tcp(), "bob").password("x").answer(Verdict::Outcome::No, "module says no");
  CHECK(no.error == "28000 PAM authentication failed");
  CHECK(no.log.find("module says no") != std::string::npos);
  CHECK(no.closed);
  CHECK_FALSE(no.let_in);
  Login busy(make_config(AuthType::Ldap));
  busy.start(from_tcp(), "bob").password("x").answer(Verdict::Outcome::Busy);
  CHECK(busy.error == "53300 too many logins are being verified");
  Login empty(make_config(AuthType::Ldap));
  empty.start(from_tcp(), "bob").password("");
  CHECK(empty.error == "28P01 empty password returned by client");
  CHECK(empty.questions.empty());
}

TEST_CASE("an answer for a client that has gone, or a second one, changes nothing") {
  Login login(make_config(AuthType::Pam));
  login.start(from_tcp(), "bob").password("x");
  login.engine.client_closed(login.id, "gone", login.now, login.effects);
  CHECK_FALSE(login.answer(Verdict::Outcome::Yes).let_in);
  Login twice(make_config(AuthType::Pam));
  twice.start(from_tcp(), "bob").password("x").answer(Verdict::Outcome::Yes);
  twice.answer(Verdict::Outcome::No);
  CHECK(twice.error.empty());
  CHECK_FALSE(twice.closed);
}

TEST_CASE("a login that waits too long for its answer is given up") {
  Login login(make_config(AuthType::Pam));
  login.start(from_tcp(), "bob").password("x").tick(std::chrono::seconds(61));
  CHECK(login.error == "57014 client_login_timeout");
  CHECK_FALSE(login.answer(Verdict::Outcome::Yes).let_in);
}

TEST_CASE("peer asks who the process is, and looks at the map") {
  const auto config = make_config(AuthType::Hba, "local d bob peer map=m\nlocal all all peer\n");
  Login mapped(config);
  mapped.start(from_unix(1000), "bob");
  REQUIRE(mapped.questions.size() == 1);
  CHECK(mapped.questions[0].uid == 1000);
  CHECK(mapped.answer(Verdict::Outcome::Yes, "Robert").let_in);
  Login unmapped(config);
  unmapped.start(from_unix(1000), "bob").answer(Verdict::Outcome::Yes, "bob");
  CHECK(unmapped.error == "28000 unix socket login rejected");
  CHECK(unmapped.log.find("ident map m cannot be matched") != std::string::npos);
  CHECK(unmapped.log.find("login failed: db=d user=bob (:1)") != std::string::npos);
  CHECK(Login(config).start(from_unix(1), "alice").answer(Verdict::Outcome::Yes, "alice").let_in);
  CHECK(Login(config).start(from_unix(1), "alice").answer(Verdict::Outcome::No).error ==
        "28000 unix socket login rejected");
  Login stranger(config);
  stranger.start(from_unix(1), "stranger");
  CHECK(stranger.error == "28000 unix socket login rejected");
  CHECK(stranger.questions.empty());
}

TEST_CASE("a certificate lets in whom one of its names or the map names") {
  const auto config = make_config(AuthType::Cert);
  CHECK(Login(config).start(with_certificate("bob"), "bob").let_in);
  CHECK(Login(config).start(with_certificate("x", {"y", "bob"}), "bob").let_in);
  const auto refused = [](const Login& login) {
    return login.error == "28000 certificate authentication failed" && !login.let_in;
  };
  CHECK(refused(Login(config).start(with_certificate("bob"), "alice")));
  CHECK(refused(Login(config).start(with_certificate("stranger"), "stranger")));
  CHECK(refused(Login(config).start(with_certificate(""), "bob")));
  CHECK(refused(Login(config).start(from_tcp(), "bob")));
  Peer without = with_certificate("bob");
  without.tls_facts->has_certificate = false;
  CHECK(refused(Login(config).start(std::move(without), "bob")));
  const auto ruled = make_config(AuthType::Hba, "hostssl all all all cert map=m\n");
  CHECK(Login(ruled).start(with_certificate("Robert"), "bob").let_in);
  CHECK(Login(ruled).start(with_certificate("root"), "alice").let_in);
  CHECK(refused(Login(ruled).start(with_certificate("bob"), "bob")));
  CHECK(Login(ruled).start(from_tcp(), "bob").error ==
        "28000 no authentication method is found");
}

TEST_CASE("the console of whoever runs the process needs no method") {
  const auto config = make_config(AuthType::Hba, "local all all reject\n");
  const auto login = [&](bool same_user, const char* user, const char* database) {
    Login made(config);
    made.start(from_unix(5, same_user), user, database);
    return made.error.empty() && made.requests == std::vector{wire::authentication::kOk};
  };
  CHECK(login(true, "pgbouncer", "pgbouncer"));
  CHECK_FALSE(login(false, "pgbouncer", "pgbouncer"));
  CHECK_FALSE(login(true, "bob", "pgbouncer"));
  CHECK_FALSE(login(true, "pgbouncer", "d"));
  CHECK_FALSE(login(true, "bob", "d"));
}

TEST_CASE("a failed login is counted, and told after a while") {
  const auto config = make_config(AuthType::Plain);
  config->weir.auth_failure_delay = std::chrono::milliseconds(300);
  Login login(config);
  login.start(from_tcp(), "bob").password("wrong").tick(std::chrono::milliseconds(200));
  CHECK(login.error.empty());
  CHECK(login.engine.snapshot(login.now).tally.login_failures == 1);
  CHECK_FALSE(login.engine.client_readable(login.id, login.now, login.effects));
  login.password("x").password("wrong");
  CHECK_FALSE(login.let_in);
  login.tick(std::chrono::milliseconds(100));
  CHECK(login.error == "28P01 password authentication failed");
  CHECK(login.closed);
  CHECK(login.engine.snapshot(login.now).tally.login_failures == 1);
  Login right(config);
  CHECK(right.start(from_tcp(), "bob").password("x").let_in);
  CHECK(right.engine.snapshot(right.now).tally.login_failures == 0);
}

}  // namespace weir::session
