// SCRAM-SHA-256-PLUS in both roles, and who finds out when somebody stands in the middle.
#include <doctest/doctest.h>

#include "auth/client_login.h"
#include "auth/scram_client.h"
#include "auth/scram_server.h"
#include "auth/server_login.h"

namespace weir::auth {

namespace {

constexpr std::string_view kHere = "hash of the certificate";
constexpr std::string_view kElsewhere = "hash of another's certificate";
const Secret kPassword{.kind = SecretKind::Plain, .text = "pencil", .scram = {}};

// The texts of a 'p' message and of an Authentication message, without what stands before them.
std::string sasl_initial(std::string_view mechanism, std::string_view message) {
  std::string payload(mechanism);
  std::uint8_t size[4];
  store_u32(size, static_cast<std::uint32_t>(message.size()));
  return payload.append(1, '\0').append(as_text(size)).append(message);
}

std::string request_body(const AuthRequest& request) {
  std::uint8_t code[4];
  store_u32(code, static_cast<std::uint32_t>(request.code));
  return std::string(as_text(code)) + request.payload;
}

// We as a server and we as a client, each with its own idea of the connection.
struct Login {
  ClientLogin server;
  ServerLogin client;

  Login(std::string_view server_end_point, std::string_view client_end_point)
      : server({.type = AuthType::ScramSha256, .user = "u", .secret = &kPassword,
                .scram_iterations = 2, .server_random_key = {}, .nonce = {1}, .md5_salt = {},
                .server_end_point = server_end_point}),
        client({.user = "u", .secret = &kPassword, .keys = nullptr, .nonce = {2},
                .server_end_point = client_end_point}) {}

  // Whether both are content; `offer` replaces what the server offers.
  bool succeeds(std::string_view offer = {}) {
    ClientStep step = server.start();
    while (auto* request = std::get_if<AuthRequest>(&step)) {
      if (request->code == AuthCode::Sasl && !offer.empty()) request->payload = offer;
      const ServerStep answer = client.on_request(as_bytes(request_body(*request)));
      const auto* message = std::get_if<ServerAnswer>(&answer);
      if (message == nullptr) return false;
      if (chosen.empty()) chosen = message->message.c_str() + 5;
      step = server.on_password_message(as_bytes(std::string_view(message->message).substr(5)));
    }
    const auto* ok = std::get_if<ClientLoginOk>(&step);
    if (ok == nullptr) return false;
    const AuthRequest last{.code = AuthCode::SaslFinal, .payload = ok->sasl_final};
    return std::holds_alternative<ServerWait>(client.on_request(as_bytes(request_body(last))));
  }

  std::string chosen;  // the client's mechanism
};

}  // namespace

TEST_CASE("with TLS on both sides the exchange is bound") {
  Login login(kHere, kHere);
  CHECK(login.succeeds());
  CHECK(login.chosen == "SCRAM-SHA-256-PLUS");
}

TEST_CASE("without TLS, or without a hash on either side, it is not") {
  for (const auto& [server, client] :
       {std::pair{"", ""}, std::pair{"here", ""}, std::pair{"", "here"}}) {
    CAPTURE(server);
    Login login(server, client);
    CHECK(login.succeeds());
    CHECK(login.chosen == "SCRAM-SHA-256");
  }
}

TEST_CASE("two connections instead of one are found out") {
  CHECK_FALSE(Login(kHere, kElsewhere).succeeds());
}

TEST_CASE("an offer that was hidden on the way is found out") {
  Login login(kHere, kHere);
  CHECK_FALSE(login.succeeds(std::string_view("SCRAM-SHA-256\0\0", 15)));
  CHECK(login.chosen == "SCRAM-SHA-256");
}

TEST_CASE("a server that offers nothing but PLUS") {
  const std::string_view plus("SCRAM-SHA-256-PLUS\0\0", 20);
  CHECK(Login(kHere, kHere).succeeds(plus));
  CHECK_FALSE(Login(kHere, "").succeeds(plus));
}

TEST_CASE("header and mechanism have to fit") {
  const auto first = [](std::string_view mechanism, std::string_view header,
                        std::string_view end_point) {
    Login login(end_point, "");
    login.server.start();
    const auto payload = sasl_initial(mechanism, std::string(header) + "n=,r=abc");
    return std::holds_alternative<AuthRequest>(login.server.on_password_message(as_bytes(payload)));
  };
  constexpr std::string_view kPlain = "SCRAM-SHA-256";
  constexpr std::string_view kPlus = "SCRAM-SHA-256-PLUS";
  CHECK(first(kPlain, "n,,", kHere));
  CHECK(first(kPlain, "n,,", ""));
  CHECK(first(kPlain, "y,,", ""));
  CHECK_FALSE(first(kPlain, "y,,", kHere));
  CHECK_FALSE(first(kPlain, "p=tls-server-end-point,,", kHere));
  CHECK(first(kPlus, "p=tls-server-end-point,,", kHere));
  CHECK_FALSE(first(kPlus, "p=tls-server-end-point,,", ""));
  CHECK_FALSE(first(kPlus, "p=tls-unique,,", kHere));
  CHECK_FALSE(first(kPlus, "p=tls-server-end-point,a=me,", kHere));
  CHECK_FALSE(first(kPlus, "n,,", kHere));
  CHECK_FALSE(first(kPlus, "y,,", kHere));
}

}  // namespace weir::auth
