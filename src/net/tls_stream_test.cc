#include "net/tls_stream.h"

#include <doctest/doctest.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>

#include "net/test_certificates.h"

using namespace weir;
using namespace weir::net;
using Side = TlsSettings::Side;
using State = TlsStream::State;
using Verify = TlsSettings::Verify;

namespace {

// One end of a connection: what it has said goes through memory to the other.
struct End {
  End(std::shared_ptr<const TlsContext> context, const std::string& host)
      : tls(std::move(context), host) {}

  TlsStream tls;
  TlsStream::Buffer sent = {};
  std::string heard = {};

  // What the peer sent comes in pieces of `most` bytes.
  void hear(TlsStream::Buffer& from, std::size_t most) {
    std::vector<std::uint8_t> plain(std::min(most, from.size()) + TlsStream::kRecordMax);
    Bytes in = from;
    do {
      const Bytes piece = in.first(std::min(most, in.size()));
      in = in.subspan(piece.size());
      heard += as_text(Bytes(plain).first(tls.read(piece, plain, sent)));
    } while (!in.empty());
    from.clear();
  }
  void say(const std::string& text) {
    const iovec part{const_cast<char*>(text.data()), text.size()};
    tls.write({&part, 1}, sent);
  }
};

struct Case {
  test::Authority authority;
  TlsSettings ours{.side = Side::Clients};
  TlsSettings theirs{.side = Side::Servers};
  std::string host = "db.example";
  std::size_t piece = 1 << 20;
  std::unique_ptr<End> server, client;

  Case() {
    authority.issue("server", {.cn = "db.example", .names = "DNS:db.example,IP:127.0.0.1"});
    use("server");
    theirs.ca_file = authority.ca();
  }
  void use(const std::string& name) {
    ours.cert_file = authority.file(name + ".crt");
    ours.key_file = authority.file(name + ".key");
  }
  void pump() {
    for (int i = 0; i < 8 && (i == 0 || !server->sent.empty() || !client->sent.empty()); ++i) {
      client->hear(server->sent, piece);
      server->hear(client->sent, piece);
    }
  }
  void connect() {
    const auto a = TlsContext::make(ours);
    const auto b = TlsContext::make(theirs);
    REQUIRE(a);
    REQUIRE(b);
    server = std::make_unique<End>(*a, "");
    client = std::make_unique<End>(*b, host);
    pump();
  }
  bool connected() {
    connect();
    return server->tls.state() == State::Open && client->tls.state() == State::Open;
  }
};

// The lengths of the records in what was sent.
std::vector<std::size_t> records(Bytes sent) {
  std::vector<std::size_t> out;
  while (sent.size() >= 5) {
    out.push_back(load_u16(sent.data() + 3));
    sent = sent.subspan(5 + out.back());
  }
  CHECK(sent.empty());
  return out;
}

}  // namespace

TEST_CASE_FIXTURE(Case, "both ways, however the bytes are cut") {
  for (const std::size_t size : {1u, 7u, 100u, 1u << 20}) {
    CAPTURE(size);
    piece = size;
    REQUIRE(connected());
    const std::string question(100'000, 'q');
    const std::string answer(300'000, 'a');
    client->say(question);
    server->say(answer);
    pump();
    CHECK(server->heard == question);
    CHECK(client->heard == answer);
  }
}

TEST_CASE_FIXTURE(Case, "TLS 1.2 too") {
  ours.protocols = "tlsv1.2";
  REQUIRE(connected());
  CHECK(client->tls.peer().description.starts_with("TLSv1.2/ECDHE-ECDSA-"));
  client->say("hello");
  pump();
  CHECK(server->heard == "hello");
}

TEST_CASE_FIXTURE(Case, "what the handshake says") {
  REQUIRE(connected());
  const TlsPeer seen = server->tls.peer();
  CHECK(seen.description == "TLSv1.3/TLS_AES_256_GCM_SHA384/ECDH=X25519");
  CHECK(client->tls.peer().description == seen.description);
  CHECK(seen.alpn);
  CHECK(client->tls.peer().alpn);
  CHECK_FALSE(seen.has_certificate);
  CHECK(seen.server_end_point.size() == SHA256_DIGEST_LENGTH);
  CHECK(client->tls.peer().server_end_point == seen.server_end_point);
}

TEST_CASE_FIXTURE(Case, "a client's certificate") {
  authority.issue("alice", {.cn = "alice", .names = "DNS:a.example,email:alice@example,IP:::1"});
  ours.verify = Verify::Authority;
  ours.ca_file = authority.ca();
  connect();
  CHECK(server->tls.state() == State::Failed);
  CHECK(server->tls.error() == "peer did not return a certificate");
  CHECK(client->tls.state() == State::Failed);  // it was told by an alert

  theirs.cert_file = authority.file("alice.crt");
  theirs.key_file = authority.file("alice.key");
  REQUIRE(connected());
  const TlsPeer seen = server->tls.peer();
  CHECK(seen.has_certificate);
  CHECK(seen.certificate_cn == "alice");
  CHECK(seen.certificate_names == std::vector<std::string>{"a.example", "alice@example"});

  const test::Authority stranger;
  ours.ca_file = stranger.ca();
  connect();
  CHECK(server->tls.state() == State::Failed);
  CHECK(server->tls.error().starts_with("certificate verify failed: "));

  authority.issue("late", {.cn = "alice", .expired = true});
  ours.ca_file = authority.ca();
  theirs.cert_file = authority.file("late.crt");
  theirs.key_file = authority.file("late.key");
  connect();
  CHECK(server->tls.error() == "certificate verify failed: certificate has expired");
}

TEST_CASE_FIXTURE(Case, "whom a client that verifies believes") {
  theirs.verify = Verify::Host;
  CHECK(connected());
  host = "127.0.0.1";
  CHECK(connected());
  host = "127.0.0.2";
  CHECK_FALSE(connected());
  CHECK(client->tls.error() == "name `127.0.0.2' not present in server certificate");
  host = "other.example";
  CHECK_FALSE(connected());
  theirs.verify = Verify::Authority;
  CHECK(connected());
  const test::Authority stranger;
  theirs.ca_file = stranger.ca();
  CHECK_FALSE(connected());
  CHECK(client->tls.error().starts_with("certificate verify failed: "));
  theirs.verify = Verify::None;
  CHECK(connected());
}

TEST_CASE_FIXTURE(Case, "names in the subject and with a star") {
  theirs.verify = Verify::Host;
  authority.issue("old", {.cn = "127.0.0.1"});
  use("old");
  host = "127.0.0.1";
  CHECK(connected());
  authority.issue("both", {.cn = "127.0.0.1", .names = "DNS:db.example"});
  use("both");
  CHECK_FALSE(connected());
  authority.issue("star", {.cn = "star", .names = "DNS:*.db.example"});
  use("star");
  host = "a.db.example";
  CHECK(connected());
  host = "b.a.db.example";
  CHECK_FALSE(connected());
}

TEST_CASE_FIXTURE(Case, "no common protocol") {
  ours.protocols = "tlsv1.3";
  theirs.protocols = "tlsv1.2";
  CHECK_FALSE(connected());
  CHECK(server->tls.error() == "unsupported protocol");
  CHECK_FALSE(client->tls.error().empty());
}

TEST_CASE_FIXTURE(Case, "records to clients fit libpq's buffer, those to servers are full") {
  REQUIRE(connected());
  const std::string big(100'000, 'x');
  constexpr std::size_t kOverhead = 17;  // a content type and a tag
  server->say(big);
  CHECK(std::ranges::max(records(server->sent)) == 8192 + kOverhead);
  client->say(big);
  CHECK(std::ranges::max(records(client->sent)) == 16384 + kOverhead);
}

TEST_CASE_FIXTURE(Case, "small parts share a record, large ones are not gathered") {
  REQUIRE(connected());
  std::string small = "123456789";
  std::string large(20'000, 'x');
  std::vector<iovec> parts(10, {small.data(), small.size()});
  server->tls.write(parts, server->sent);
  CHECK(records(server->sent).size() == 1);
  parts.push_back({large.data(), large.size()});
  parts.push_back({small.data(), small.size()});
  server->tls.write(parts, server->sent);
  pump();
  std::string expected;
  for (int i = 0; i < 20; ++i) expected += small;
  CHECK(client->heard == expected + large + small);
}

TEST_CASE_FIXTURE(Case, "the end of a connection") {
  REQUIRE(connected());
  client->say("last words");
  client->tls.close(client->sent);
  server->hear(client->sent, piece);
  CHECK(server->heard == "last words");
  CHECK(server->tls.state() == State::Ended);
  server->say("good bye");  // the other direction is open
  client->hear(server->sent, piece);
  CHECK(client->heard == "good bye");
}

TEST_CASE_FIXTURE(Case, "garbage instead of TLS") {
  connect();
  client->sent = {'G', 'E', 'T', ' ', '/', ' ', 'H', 'T', 'T', 'P', '/', '1'};
  server->hear(client->sent, piece);
  CHECK(server->tls.state() == State::Failed);
  CHECK_FALSE(server->tls.error().empty());
  server->sent.clear();

  connect();
  server->say("rows");
  server->sent.back() ^= 1;
  client->hear(server->sent, piece);
  CHECK(client->heard.empty());
  CHECK(client->tls.state() == State::Failed);
  CHECK(client->tls.error() == "decryption failed or bad record mac");
}
