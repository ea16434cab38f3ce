#include <doctest/doctest.h>

#include <random>

#include "auth/base64.h"
#include "auth/scram_client.h"
#include "auth/scram_server.h"

namespace weir::auth {

namespace {

constexpr std::uint32_t kFewIterations = 2;
constexpr ScramNonce kClientNonce = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18};
constexpr ScramNonce kServerNonce = {99, 98, 97};

ScramSecret secret_of(std::string_view password) {
  return derive_scram_secret(password, "0123456789abcdef", kFewIterations);
}

// Where a message of an exchange is changed on its way.
struct Tamper {
  int message = -1;
  std::size_t at = 0;
  char mask = 0;

  std::string operator()(int number, std::string text) const {
    if (number == message && at < text.size()) text[at] = static_cast<char>(text[at] ^ mask);
    return text;
  }
};

struct Outcome {
  bool server_accepts = false;
  bool client_accepts = false;
  std::size_t sizes[4] = {};
};

Outcome exchange(ScramClient& client, ScramServer& server, const Tamper& tamper = {}) {
  Outcome out;
  const auto first = client.client_first();
  out.sizes[0] = first.size();
  const auto challenge = server.first(tamper(0, first));
  if (!challenge) return out;
  out.sizes[1] = challenge->size();
  const auto proof = client.final(tamper(1, *challenge));
  if (!proof) return out;
  out.sizes[2] = proof->size();
  const auto signature = server.final(tamper(2, *proof));
  if (!signature) return out;
  out.server_accepts = true;
  out.sizes[3] = signature->size();
  out.client_accepts = client.verify(tamper(3, *signature)).has_value();
  return out;
}

// RFC 7677's exchange, whose server nonce is no base64: its verifier fits, its messages are given.
struct Rfc7677 {
  std::string client_first = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
  std::string server_first =
      "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
  std::string client_final = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
  std::string proof = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
  std::string signature = "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";
};

std::string server_first_of(ScramServer& server) { return *server.first("n,,n=,r=abc"); }

}  // namespace

TEST_CASE("the primitives give the proofs of RFC 7677's example") {
  const Rfc7677 rfc;
  const auto keys = derive_scram_keys("pencil", *base64_decode("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096);
  const auto message =
      scram_auth_message(rfc.client_first.substr(3), rfc.server_first, rfc.client_final);
  const auto signature = hmac_sha256(sha256(keys.client_key), message);
  CHECK(base64_encode(exclusive_or(keys.client_key, signature)) == rfc.proof);
  CHECK(base64_encode(hmac_sha256(keys.server_key, message)) == rfc.signature);
}

TEST_CASE("client and server agree on any password, and on the keys") {
  std::mt19937 random(4);
  for (int round = 0; round < 500; ++round) {
    std::string password(1 + random() % 30, '\0');
    for (char& c : password) c = static_cast<char>(1 + random() % 255);
    std::string salt(1 + random() % 20, '\0');
    for (char& c : salt) c = static_cast<char>(random());
    const auto iterations = static_cast<std::uint32_t>(1 + random() % 5);
    ScramClient client(password, kClientNonce);
    ScramServer server(derive_scram_secret(password, salt, iterations), kServerNonce, false);
    const auto outcome = exchange(client, server);
    REQUIRE(outcome.client_accepts);
    REQUIRE(client.verified());
    REQUIRE(server.keys() == derive_scram_keys(password, salt, iterations));
  }
}

TEST_CASE("another password fails at the server") {
  for (const std::string_view password : {"pencim", "Pencil", "pencil ", "", "p"}) {
    ScramClient client(password, kClientNonce);
    ScramServer server(secret_of("pencil"), kServerNonce, false);
    CHECK_FALSE(exchange(client, server).server_accepts);
  }
}

TEST_CASE("keys from one login serve the next with the same secret, and no other") {
  ScramClient first("pencil", kClientNonce);
  ScramServer ours(secret_of("pencil"), kServerNonce, false);
  REQUIRE(exchange(first, ours).client_accepts);

  ScramClient passed_on(ours.keys(), kServerNonce);
  ScramServer same(secret_of("pencil"), kClientNonce, false);
  CHECK(exchange(passed_on, same).client_accepts);

  ScramClient again(ours.keys(), kServerNonce);
  ScramServer other_salt(derive_scram_secret("pencil", "other", kFewIterations), kClientNonce,
                         false);
  CHECK_FALSE(exchange(again, other_salt).server_accepts);
}

TEST_CASE("a change of any byte of any message fails the login") {
  ScramClient sizing_client("pencil", kClientNonce);
  ScramServer sizing_server(secret_of("pencil"), kServerNonce, false);
  const auto untouched = exchange(sizing_client, sizing_server);
  REQUIRE(untouched.client_accepts);
  for (int message = 0; message < 4; ++message) {
    REQUIRE(untouched.sizes[message] > 0);
    for (std::size_t at = 0; at < untouched.sizes[message]; ++at) {
      for (const char mask : {'\x01', '\x02', '\x20', '\x7f', '\x80'}) {
        CAPTURE(message);
        CAPTURE(at);
        ScramClient client("pencil", kClientNonce);
        ScramServer server(secret_of("pencil"), kServerNonce, false);
        REQUIRE_FALSE(exchange(client, server, {message, at, mask}).client_accepts);
      }
    }
  }
}

TEST_CASE("a mock exchange looks real and fails even with the right proof") {
  const auto secret = secret_of("pencil");
  ScramClient client("pencil", kClientNonce);
  ScramServer server(secret, kServerNonce, true);
  ScramServer real(secret, kServerNonce, false);
  const auto challenge = server.first(client.client_first());
  REQUIRE(challenge);
  CHECK(*challenge == *real.first(client.client_first()));
  const auto proof = client.final(*challenge);
  REQUIRE(proof);
  CHECK(real.final(*proof).has_value());
  const auto verdict = server.final(*proof);
  REQUIRE_FALSE(verdict);
  CHECK(verdict.error().text == "SASL authentication failed");
}

TEST_CASE("a mock secret depends on user and key only") {
  const Key key = {1};
  const Key other_key = {2};
  const auto secret = mock_secret(key, "alice", 4096);
  CHECK(secret.salt.size() == 16);
  CHECK(secret.iterations == 4096);
  CHECK(secret == mock_secret(key, "alice", 4096));
  CHECK(secret.salt != mock_secret(key, "bob", 4096).salt);
  CHECK(secret.salt != mock_secret(other_key, "alice", 4096).salt);
  CHECK(secret.stored_key != secret.server_key);
}

TEST_CASE("the server accepts what drivers send first") {
  for (const std::string_view first :
       {"n,,n=,r=abc", "y,,n=,r=abc", "n,,n=user,r=!\"#~", "n,,n=*,r=abc,x=ext", "n,,n=a=2Cb,r=a=b",
        "n,,n=,r=abc,x=,y=1"}) {
    ScramServer server(secret_of("pencil"), kServerNonce, false);
    const auto challenge = server.first(first);
    REQUIRE(challenge);
    CHECK(challenge->ends_with(",s=MDEyMzQ1Njc4OWFiY2RlZg==,i=2"));
  }
}

TEST_CASE("the server refuses a malformed first message") {
  const std::string too_long = "n,,n=,r=" + std::string(kScramMessageMax, 'a');
  const std::string zero("n,,n=\0,r=abc", 12);
  for (const std::string_view first :
       std::initializer_list<std::string_view>{"",
                                               "n",
                                               "n,",
                                               "n,,",
                                               "p=tls-server-end-point,,n=,r=abc",
                                               "p,,n=,r=abc",
                                               "x,,n=,r=abc",
                                               "N,,n=,r=abc",
                                               "n,a=me,n=,r=abc",
                                               "n,,m=ext,n=,r=abc",
                                               "n,,n=",
                                               "n,,n=,",
                                               "n,,n=,r=",
                                               "n,,r=abc",
                                               "n,,r=abc,n=",
                                               "n,,n=,r=a\x7f",
                                               "n,,n=,r=a b",
                                               "n,,n=,r=\xc3\xa9",
                                               "n,,n=,r=abc,",
                                               "n,,n=,r=abc,x",
                                               "n,,n=,r=abc,1=x",
                                               "n,,n=,r=abc,,x=1",
                                               "n,,n,r=abc",
                                               "n,,n=,x=1,r=abc",
                                               zero,
                                               too_long}) {
    CAPTURE(first);
    ScramServer server(secret_of("pencil"), kServerNonce, false);
    const auto challenge = server.first(first);
    REQUIRE_FALSE(challenge);
    CHECK(challenge.error().text == "SASL authentication failed");
  }
}

TEST_CASE("the server refuses a malformed final message") {
  const std::string nonce = "abc" + base64_encode(kServerNonce);
  const std::string proof = base64_encode(Key{});
  for (const auto& final : std::initializer_list<std::string>{
           "", "c=biws", "c=biws,r=" + nonce,
           "c=biws,r=" + nonce + ",p=", "c=biws,r=" + nonce + ",p=" + proof + ",",
           "c=biws,r=" + nonce + ",p=" + proof + ",x=1", "c=biws,r=" + nonce + "a,p=" + proof,
           "c=biws,r=abc,p=" + proof, "c=eSws,r=" + nonce + ",p=" + proof,
           "r=" + nonce + ",c=biws,p=" + proof, "c=biws,p=" + proof,
           "c=biws,r=" + nonce + ",p=AAAA", "p=" + proof, "c=biws,r=" + nonce + ",p=" + proof}) {
    CAPTURE(final);
    ScramServer server(secret_of("pencil"), kServerNonce, false);
    server_first_of(server);
    const auto verdict = server.final(final);
    REQUIRE_FALSE(verdict);
    CHECK(verdict.error().text == "SASL authentication failed");
  }
}

TEST_CASE("the binding has to repeat the flag, and extensions are signed too") {
  const auto keys = derive_scram_keys("pencil", "0123456789abcdef", kFewIterations);
  const auto login = [&](std::string_view header, std::string_view binding, std::string_view rest) {
    ScramServer server(secret_of("pencil"), kServerNonce, false);
    const std::string bare = "n=,r=abc";
    const auto challenge = *server.first(std::string(header) + bare);
    const auto without_proof =
        "c=" + std::string(binding) + ",r=abc" + base64_encode(kServerNonce) + std::string(rest);
    const auto message = scram_auth_message(bare, challenge, without_proof);
    const auto signature = hmac_sha256(sha256(keys.client_key), message);
    const auto proof = base64_encode(exclusive_or(keys.client_key, signature));
    return server.final(without_proof + ",p=" + proof).has_value();
  };
  CHECK(login("n,,", "biws", ""));
  CHECK(login("y,,", "eSws", ""));
  CHECK(login("n,,", "biws", ",x=ext,y="));
  CHECK_FALSE(login("y,,", "biws", ""));
  CHECK_FALSE(login("n,,", "eSws", ""));
  CHECK_FALSE(login("n,,", "", ""));
}

TEST_CASE("the client refuses a malformed or hostile server-first-message") {
  const std::string nonce = base64_encode(kClientNonce);
  const std::pair<std::string, std::string_view> cases[] = {
      {"", "malformed SCRAM message"},
      {"e=other-error", "malformed SCRAM message"},
      {"r=" + nonce + "x", "malformed SCRAM message"},
      {"m=x,r=" + nonce + "x,s=AAAA,i=1", "malformed SCRAM message"},
      {"r=" + nonce + "x,s=AAAA,i=1,x=1", "malformed SCRAM message"},
      {"r=" + nonce + "x,s=AAAA,i=1,", "malformed SCRAM message"},
      {"r=" + nonce + ",s=AAAA,i=1", "invalid SCRAM response (nonce mismatch)"},
      {"r=x" + nonce + ",s=AAAA,i=1", "invalid SCRAM response (nonce mismatch)"},
      {"r=" + nonce + "\x01,s=AAAA,i=1", "invalid SCRAM response (nonce mismatch)"},
      {"r=" + nonce + "x,s=,i=1", "malformed SCRAM message (invalid salt)"},
      {"r=" + nonce + "x,s=AAA,i=1", "malformed SCRAM message (invalid salt)"},
      {"r=" + nonce + "x,s=AAAA,i=", "malformed SCRAM message (invalid iteration count)"},
      {"r=" + nonce + "x,s=AAAA,i=0", "malformed SCRAM message (invalid iteration count)"},
      {"r=" + nonce + "x,s=AAAA,i=-1", "malformed SCRAM message (invalid iteration count)"},
      {"r=" + nonce + "x,s=AAAA,i=1 ", "malformed SCRAM message (invalid iteration count)"},
      {"r=" + nonce + "x,s=AAAA,i=4294967296", "malformed SCRAM message (invalid iteration count)"},
      {"r=" + nonce + "x,s=AAAA,i=100001", "too many SCRAM iterations"}};
  for (const auto& [message, text] : cases) {
    CAPTURE(message);
    ScramClient client("pencil", kClientNonce);
    const auto answer = client.final(message);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().text == text);
  }
}

TEST_CASE("the iteration limit is inclusive, and keys have none") {
  const std::string first = "r=" + base64_encode(kClientNonce) + "x,s=AAAA,i=";
  ScramClient client("pencil", kClientNonce);
  CHECK(client.final(first + std::to_string(kScramIterationsMax)).has_value());
  ScramClient with_keys(ScramKeys{}, kClientNonce);
  CHECK(with_keys.final(first + "4000000000").has_value());
}

TEST_CASE("the client tells a wrong signature from none") {
  const auto verdict = [](const std::string& final) -> std::string {
    ScramClient client("pencil", kClientNonce);
    ScramServer server(secret_of("pencil"), kServerNonce, false);
    REQUIRE(client.final(*server.first(client.client_first())).has_value());
    const auto verified = client.verify(final);
    return verified ? "verified" : verified.error().text;
  };
  CHECK(verdict("v=" + base64_encode(Key{})) == "invalid server signature");
  CHECK(verdict("") == "failed to verify server signature");
  CHECK(verdict("v=") == "failed to verify server signature");
  CHECK(verdict("v=AAAA") == "failed to verify server signature");
  CHECK(verdict("e=invalid-proof") == "failed to verify server signature");
  CHECK(verdict("v=" + base64_encode(Key{}) + ",x=1") == "failed to verify server signature");
}

}  // namespace weir::auth
