#include "auth/server_login.h"

#include <doctest/doctest.h>

#include "auth/client_login.h"
#include "auth/md5.h"

namespace weir::auth {

namespace {

constexpr ScramNonce kNonce = {1, 2, 3};
constexpr ScramNonce kServerNonce = {4, 5, 6};

Secret plain() { return parse_secret("pencil"); }
Secret md5() { return parse_secret(*md5_secret("alice", "pencil")); }
Secret scram() { return parse_secret(format(derive_scram_secret("pencil", "salt", 2))); }
ScramKeys keys() { return derive_scram_keys("pencil", "salt", 2); }

ServerLogin::Input input(const Secret* secret, const ScramKeys* scram_keys = nullptr) {
  return {"alice", secret, scram_keys, kNonce};
}

std::string request(std::uint32_t code, std::string_view rest = {}) {
  std::uint8_t bytes[4];
  store_u32(bytes, code);
  return std::string(as_text(bytes)).append(rest);
}

constexpr std::string_view kMechanisms("SCRAM-SHA-256\0\0", 15);

ServerStep send(ServerLogin& login, std::string_view body) {
  return login.on_request(as_bytes(body));
}

std::string shown(const ServerStep& step) {
  if (const auto* answer = std::get_if<ServerAnswer>(&step)) return answer->message;
  if (const auto* failed = std::get_if<LoginFailed>(&step)) return failed->text;
  return std::holds_alternative<ServerWait>(step) ? "wait" : "ok";
}

// The payload of a whole 'p' message, whose header is checked.
std::string payload(const ServerStep& step) {
  const auto message = shown(step);
  REQUIRE(message.size() >= 5);
  CHECK(message[0] == 'p');
  CHECK(load_u32(as_bytes(message).data() + 1) == message.size() - 1);
  return message.substr(5);
}

constexpr std::string_view kWrongType = "server login failed: wrong password type";
constexpr std::string_view kUnexpected = "server login failed: unexpected authentication request";
constexpr std::string_view kMalformed = "server login failed: malformed authentication request";

// A SCRAM exchange with a server that holds `stored`, up to SaslContinue's answer.
struct Exchange {
  explicit Exchange(const ServerLogin::Input& in, const ScramSecret& stored)
      : login(in), server(stored, kServerNonce, false) {
    const auto first = payload(send(login, request(10, kMechanisms)));
    REQUIRE(first.starts_with(std::string("SCRAM-SHA-256\0", 14)));
    REQUIRE(load_u32(as_bytes(first).data() + 14) == first.size() - 18);
    challenge = *server.first(first.substr(18));
  }
  Result<std::string> signature() {
    return server.final(payload(send(login, request(11, challenge))));
  }

  ServerLogin login;
  ScramServer server;
  std::string challenge;
};

}  // namespace

TEST_CASE("a server that asks for nothing lets us in") {
  ServerLogin login(input(nullptr));
  CHECK(shown(send(login, request(0))) == "ok");
  CHECK(shown(send(login, request(0))) == kUnexpected);
}

TEST_CASE("clear text goes out only from a clear-text secret") {
  const auto text = plain();
  const auto hashed = md5();
  const auto verifier = scram();
  const auto passed_on = keys();
  ServerLogin login(input(&text));
  CHECK(payload(send(login, request(3))) == std::string("pencil\0", 7));
  CHECK(shown(send(login, request(0))) == "ok");
  for (const auto* secret : {&hashed, &verifier, static_cast<const Secret*>(nullptr)}) {
    ServerLogin refused(input(secret, &passed_on));
    CHECK(shown(send(refused, request(3))) == kWrongType);
    CHECK(shown(send(refused, request(0))) == kUnexpected);
  }
}

TEST_CASE("an MD5 request is answered from clear text and from the hash alike") {
  const auto text = plain();
  const auto hashed = md5();
  const auto verifier = scram();
  const std::string expected = *md5_response(hashed.text, as_bytes("salt")) + '\0';
  for (const auto* secret : {&text, &hashed}) {
    ServerLogin login(input(secret));
    CHECK(payload(send(login, request(5, "salt"))) == expected);
    CHECK(shown(send(login, request(0))) == "ok");
  }
  ServerLogin refused(input(&verifier));
  CHECK(shown(send(refused, request(5, "salt"))) == kWrongType);
}

TEST_CASE("SCRAM goes by password or by a client's keys") {
  const auto text = plain();
  const auto verifier = scram();
  const auto passed_on = keys();
  const ServerLogin::Input inputs[] = {input(&text), input(nullptr, &passed_on),
                                       input(&verifier, &passed_on), input(&text, &passed_on)};
  for (const auto& in : inputs) {
    Exchange exchange(in, *verifier.scram);
    const auto signature = exchange.signature();
    REQUIRE(signature);
    CHECK(shown(send(exchange.login, request(12, *signature))) == "wait");
    CHECK(shown(send(exchange.login, request(0))) == "ok");
  }
}

TEST_CASE("a clear-text secret logs in where the server's salt differs from the keys'") {
  const auto text = plain();
  const auto passed_on = keys();
  Exchange exchange(input(&text, &passed_on), derive_scram_secret("pencil", "another", 3));
  CHECK(exchange.signature().has_value());
}

TEST_CASE("SCRAM needs something to prove with, and a mechanism that we know") {
  const auto hashed = md5();
  const auto verifier = scram();
  for (const auto* secret : {&hashed, &verifier, static_cast<const Secret*>(nullptr)}) {
    ServerLogin login(input(secret));
    CHECK(shown(send(login, request(10, kMechanisms))) == kWrongType);
  }
  const auto text = plain();
  const auto offer = [&](std::string_view mechanisms) {
    ServerLogin login(input(&text));
    return shown(send(login, request(10, mechanisms)));
  };
  const std::string_view kNone =
      "server login failed: none of the server's SASL authentication mechanisms are supported";
  CHECK(offer(std::string_view("SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0", 34)).starts_with("p"));
  CHECK(offer(std::string_view("SCRAM-SHA-256-PLUS\0\0", 20)) == kNone);
  CHECK(offer(std::string_view("\0", 1)) == kNone);
  CHECK(offer("") == kMalformed);
  CHECK(offer(std::string_view("SCRAM-SHA-256\0", 14)) == kMalformed);
  CHECK(offer(std::string_view("SCRAM-SHA-256\0\0x", 16)) == kMalformed);
}

TEST_CASE("a server that does not prove itself is not trusted") {
  const auto text = plain();
  const auto stored = *scram().scram;
  const std::string_view kUnfinished =
      "server login failed: server did not finish SASL authentication";
  Exchange at_once(input(&text), stored);
  CHECK(shown(send(at_once.login, request(0))) == kUnfinished);

  Exchange after_proof(input(&text), stored);
  REQUIRE(after_proof.signature());
  CHECK(shown(send(after_proof.login, request(0))) == kUnfinished);
  CHECK(shown(send(after_proof.login, request(0))) == kUnexpected);

  Exchange forged(input(&text), stored);
  REQUIRE(forged.signature());
  CHECK(shown(send(forged.login, request(12, "v=" + std::string(43, 'A') + "="))) ==
        "server login failed: invalid server signature");
  CHECK(shown(send(forged.login, request(0))) == kUnexpected);

  Exchange garbled(input(&text), stored);
  REQUIRE(garbled.signature());
  CHECK(shown(send(garbled.login, request(12, "v=x"))) ==
        "server login failed: failed to verify server signature");
}

TEST_CASE("no request may come out of order") {
  const auto text = plain();
  const std::string bodies[] = {request(3), request(5, "salt"), request(10, kMechanisms),
                                request(11, "x"), request(12, "x")};
  for (const auto& body : bodies) {
    ServerLogin answered(input(&text));
    send(answered, request(3));
    CHECK(shown(send(answered, body)) == kUnexpected);
  }
  for (const auto& body : {bodies[0], bodies[1], bodies[2], bodies[4]}) {
    Exchange exchange(input(&text), *scram().scram);
    CHECK(shown(send(exchange.login, body)) == kUnexpected);
  }
  for (const auto& body : {bodies[0], bodies[1], bodies[2], bodies[3]}) {
    Exchange exchange(input(&text), *scram().scram);
    REQUIRE(exchange.signature());
    CHECK(shown(send(exchange.login, body)) == kUnexpected);
  }
}

TEST_CASE("malformed and unknown requests fail") {
  const auto text = plain();
  const auto answer = [&](std::string_view body) {
    ServerLogin login(input(&text));
    return shown(send(login, body));
  };
  CHECK(answer("") == kMalformed);
  CHECK(answer(std::string_view("\0\0\0", 3)) == kMalformed);
  CHECK(answer(request(0, "x")) == kMalformed);
  CHECK(answer(request(3, "x")) == kMalformed);
  CHECK(answer(request(5, "sal")) == kMalformed);
  CHECK(answer(request(5, "salts")) == kMalformed);
  CHECK(answer(request(7)) == "server login failed: unknown/unsupported auth method: 7");
  CHECK(answer(request(0xffffffff)) ==
        "server login failed: unknown/unsupported auth method: 4294967295");
}

}  // namespace weir::auth
