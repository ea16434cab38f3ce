#include "auth/client_login.h"

#include <doctest/doctest.h>

#include "auth/md5.h"
#include "auth/scram_client.h"

namespace weir::auth {

namespace {

constexpr Key kRandomKey = {7};
constexpr ScramNonce kNonce = {1, 2, 3};
constexpr ScramNonce kOtherNonce = {4, 5, 6};
constexpr std::array<std::uint8_t, 4> kSalt = {9, 8, 7, 6};
constexpr std::uint32_t kIterations = 3;

ClientLogin::Input input(AuthType type, const Secret* secret, std::string_view user = "alice") {
  return {type, user, secret, kIterations, kRandomKey, kNonce, kSalt};
}

Secret plain() { return parse_secret("pencil"); }
Secret md5() { return parse_secret(*md5_secret("alice", "pencil")); }
Secret scram() { return parse_secret(format(derive_scram_secret("pencil", "salt", 2))); }

// What a step is, in a form that reads well in a failed check.
std::string shown(const ClientStep& step) {
  if (const auto* request = std::get_if<AuthRequest>(&step))
    return "request " + std::to_string(static_cast<std::uint32_t>(request->code));
  if (const auto* failed = std::get_if<LoginFailed>(&step)) return failed->text;
  return "ok";
}

std::string password_payload(std::string_view password) {
  return std::string(password).append(1, '\0');
}

std::string sasl_initial(std::string_view mechanism, std::string_view message) {
  std::uint8_t size[4];
  store_u32(size, static_cast<std::uint32_t>(message.size()));
  return std::string(mechanism).append(1, '\0').append(as_text(size)).append(message);
}

ClientStep send(ClientLogin& login, std::string_view payload) {
  return login.on_password_message(as_bytes(payload));
}

// The verdict on one password by the method that the login asks for.
std::string verdict(ClientLogin& login, std::string_view password) {
  const auto first = login.start();
  const auto* request = std::get_if<AuthRequest>(&first);
  if (request == nullptr) return shown(first);
  if (request->code == AuthCode::ClearText) return shown(send(login, password_payload(password)));
  if (request->code == AuthCode::Md5) {
    const auto response = md5_response(*md5_secret("alice", password), as_bytes(request->payload));
    return shown(send(login, password_payload(*response)));
  }
  ScramClient client(password, kOtherNonce);
  const auto challenge = send(login, sasl_initial("SCRAM-SHA-256", client.client_first()));
  const auto* question = std::get_if<AuthRequest>(&challenge);
  if (question == nullptr) return shown(challenge);
  CHECK(question->code == AuthCode::SaslContinue);
  const auto end = send(login, *client.final(question->payload));
  if (const auto* ok = std::get_if<ClientLoginOk>(&end)) CHECK(client.verify(ok->sasl_final));
  return shown(end);
}

std::string verdict(AuthType type, const Secret* secret, std::string_view password) {
  ClientLogin login(input(type, secret));
  return verdict(login, password);
}

constexpr std::string_view kNoPassword = "password authentication failed";
constexpr std::string_view kNoSasl = "SASL authentication failed";

}  // namespace

TEST_CASE("each method asks its question") {
  const auto secrets = {plain(), md5(), scram()};
  for (const auto& secret : secrets) {
    ClientLogin clear(input(AuthType::Plain, &secret));
    CHECK(shown(clear.start()) == "request 3");
    ClientLogin sasl(input(AuthType::ScramSha256, &secret));
    const auto step = sasl.start();
    CHECK(shown(step) == "request 10");
    CHECK(std::get_if<AuthRequest>(&step)->payload == std::string("SCRAM-SHA-256\0\0", 15));
    ClientLogin hashed(input(AuthType::Md5, &secret));
    const bool upgraded = secret.kind == SecretKind::Scram;
    CHECK(shown(hashed.start()) == (upgraded ? "request 10" : "request 5"));
  }
  ClientLogin login(input(AuthType::Md5, nullptr));
  const auto step = login.start();
  CHECK(std::get_if<AuthRequest>(&step)->payload == "\x09\x08\x07\x06");
}

TEST_CASE("the right password succeeds where the secret allows it, a wrong one never") {
  struct Row {
    AuthType type;
    Secret secret;
    std::string_view right;
    std::string_view wrong;
  };
  const Row rows[] = {{AuthType::Plain, plain(), "ok", kNoPassword},
                      {AuthType::Plain, md5(), "ok", kNoPassword},
                      {AuthType::Plain, scram(), "ok", kNoPassword},
                      {AuthType::Plain, {}, kNoPassword, kNoPassword},
                      {AuthType::Md5, plain(), "ok", kNoPassword},
                      {AuthType::Md5, md5(), "ok", kNoPassword},
                      {AuthType::Md5, scram(), "ok", kNoSasl},
                      {AuthType::Md5, {}, kNoPassword, kNoPassword},
                      {AuthType::ScramSha256, plain(), "ok", kNoSasl},
                      {AuthType::ScramSha256, md5(), kNoSasl, kNoSasl},
                      {AuthType::ScramSha256, scram(), "ok", kNoSasl},
                      {AuthType::ScramSha256, {}, kNoSasl, kNoSasl},
                      {AuthType::Trust, {}, "ok", "ok"},
                      {AuthType::Trust, scram(), "ok", "ok"},
                      {AuthType::Any, md5(), "ok", "ok"}};
  for (const auto& row : rows) {
    CAPTURE(static_cast<int>(row.type));
    CAPTURE(static_cast<int>(row.secret.kind));
    CHECK(verdict(row.type, &row.secret, "pencil") == row.right);
    CHECK(verdict(row.type, &row.secret, "pencils") == row.wrong);
  }
}

TEST_CASE("unknown users are asked like others and refused") {
  CHECK(verdict(AuthType::Trust, nullptr, "x") == "\"trust\" authentication failed");
  CHECK(verdict(AuthType::Any, nullptr, "x") == "ok");
  CHECK(verdict(AuthType::Plain, nullptr, "x") == kNoPassword);
  CHECK(verdict(AuthType::Md5, nullptr, "x") == kNoPassword);
  CHECK(verdict(AuthType::ScramSha256, nullptr, "x") == kNoSasl);
}

TEST_CASE("the challenge does not tell an unknown user from one with a password") {
  const auto challenge = [](const Secret* secret) {
    ClientLogin login(input(AuthType::ScramSha256, secret));
    login.start();
    const auto step = send(login, sasl_initial("SCRAM-SHA-256", "n,,n=,r=abc"));
    return std::get_if<AuthRequest>(&step)->payload;
  };
  const auto secret = plain();
  const auto hashed = md5();
  CHECK(challenge(nullptr) == challenge(&secret));
  CHECK(challenge(nullptr) == challenge(&hashed));
}

TEST_CASE("a verifier kept with a clear-text secret is used") {
  auto secret = plain();
  secret.scram = adhoc_scram_secret(kRandomKey, "alice", "pencil", kIterations);
  CHECK(verdict(AuthType::ScramSha256, &secret, "pencil") == "ok");
  secret.scram = adhoc_scram_secret(kRandomKey, "alice", "eraser", kIterations);
  CHECK(verdict(AuthType::ScramSha256, &secret, "pencil") == kNoSasl);
}

TEST_CASE("a login leaves keys or the password for the server") {
  const auto keys = derive_scram_keys("pencil", "salt", 2);
  const auto verifier = scram();
  const auto hashed = md5();
  ClientLogin by_sasl(input(AuthType::ScramSha256, &verifier));
  REQUIRE(verdict(by_sasl, "pencil") == "ok");
  CHECK(by_sasl.keys() == keys);
  CHECK(by_sasl.password().empty());

  ClientLogin by_text(input(AuthType::Plain, &verifier));
  REQUIRE(verdict(by_text, "pencil") == "ok");
  CHECK(by_text.keys() == keys);
  CHECK(by_text.password() == "pencil");

  ClientLogin by_md5(input(AuthType::Md5, &hashed));
  REQUIRE(verdict(by_md5, "pencil") == "ok");
  CHECK_FALSE(by_md5.keys());
  CHECK(by_md5.password().empty());

  ClientLogin refused(input(AuthType::Plain, &verifier));
  REQUIRE(verdict(refused, "pencils") == kNoPassword);
  CHECK_FALSE(refused.keys());
  CHECK(refused.password().empty());
}

TEST_CASE("a password message has to be one text, neither empty nor too long") {
  const auto text = [](std::string_view payload) -> std::string {
    const auto read = read_password(as_bytes(payload));
    return read ? std::string(*read) : "failed: " + read.error().text;
  };
  CHECK(text(std::string_view("abc\0", 4)) == "abc");
  CHECK(text(std::string_view("\0", 1)) == "failed: empty password returned by client");
  CHECK(text("") == "failed: password authentication failed");
  CHECK(text("abc") == "failed: password authentication failed");
  CHECK(text(std::string_view("abc\0d", 5)) == "failed: password authentication failed");
  CHECK(text(std::string_view("abc\0\0", 5)) == "failed: password authentication failed");
  const std::string longest(kPasswordSizeMax, 'x');
  CHECK(text(password_payload(longest)) == longest);
  CHECK(text(password_payload(longest + "x")) == "failed: password too long");
}

TEST_CASE("both password methods read their message that way") {
  const auto secret = plain();
  for (const auto type : {AuthType::Plain, AuthType::Md5}) {
    ClientLogin login(input(type, &secret));
    login.start();
    CHECK(shown(send(login, password_payload(""))) == "empty password returned by client");
  }
}

TEST_CASE("a malformed SASLInitialResponse fails") {
  const auto secret = scram();
  const auto answer = [&](std::string_view payload) {
    ClientLogin login(input(AuthType::ScramSha256, &secret));
    login.start();
    return shown(send(login, payload));
  };
  const std::string first = "n,,n=,r=abc";
  const auto good = sasl_initial("SCRAM-SHA-256", first);
  const std::string_view kMechanism = "client selected an invalid SASL authentication mechanism";
  CHECK(answer(good) == "request 11");
  CHECK(answer(sasl_initial("SCRAM-SHA-256-PLUS", first)) == kMechanism);
  CHECK(answer(sasl_initial("", first)) == kMechanism);
  CHECK(answer("") == kMechanism);
  CHECK(answer("SCRAM-SHA-256") == kMechanism);
  CHECK(answer(good + "x") == kNoSasl);
  CHECK(answer(sasl_initial("SCRAM-SHA-256", "")) == kNoSasl);
  CHECK(answer(std::string("SCRAM-SHA-256\0\xff\xff\xff\xff", 18)) == kNoSasl);
  CHECK(answer(std::string("SCRAM-SHA-256\0\x7f\xff\xff\xff", 18) + first) == kNoSasl);
  for (std::size_t size = 14; size < good.size(); ++size)
    CHECK(answer(good.substr(0, size)) == kNoSasl);
}

TEST_CASE("a login that ended stays ended") {
  const auto secret = plain();
  ClientLogin accepted(input(AuthType::Plain, &secret));
  REQUIRE(verdict(accepted, "pencil") == "ok");
  CHECK(shown(send(accepted, password_payload("pencil"))) == "unexpected password message");
  CHECK(accepted.password().empty());

  ClientLogin refused(input(AuthType::Plain, &secret));
  REQUIRE(verdict(refused, "eraser") == kNoPassword);
  CHECK(shown(send(refused, password_payload("pencil"))) == "unexpected password message");

  ClientLogin sasl(input(AuthType::ScramSha256, &secret));
  REQUIRE(verdict(sasl, "eraser") == kNoSasl);
  CHECK(shown(send(sasl, sasl_initial("SCRAM-SHA-256", "n,,n=,r=a"))) ==
        "unexpected password message");
}

TEST_CASE("methods that others decide are not covered") {
  for (const auto type : {AuthType::Cert, AuthType::Hba, AuthType::Pam, AuthType::Ldap})
    CHECK_FALSE(ClientLogin::covers(type));
  for (const auto type :
       {AuthType::Any, AuthType::Trust, AuthType::Plain, AuthType::Md5, AuthType::ScramSha256})
    CHECK(ClientLogin::covers(type));
}

}  // namespace weir::auth
