#include "net/tls_context.h"

#include <doctest/doctest.h>

#include <fstream>

#include "net/test_certificates.h"

using namespace weir::net;
using Side = TlsSettings::Side;
using Verify = TlsSettings::Verify;

namespace {

struct Case {
  test::Authority authority;

  Case() { authority.issue("pooler", {.cn = "pooler"}); }

  TlsSettings good() const {
    return {.key_file = authority.file("pooler.key"), .cert_file = authority.file("pooler.crt")};
  }
  static void refused(const TlsSettings& settings, const char* setting, const std::string& text) {
    CAPTURE(text);
    const auto made = TlsContext::make(settings);
    REQUIRE_FALSE(made.has_value());
    CHECK(made.error().setting == setting);
    CHECK_MESSAGE(made.error().text.find(text) != std::string::npos, made.error().text);
  }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(authority.file(name)) << text;
    return authority.file(name);
  }
};

}  // namespace

TEST_CASE_FIXTURE(Case, "contexts that are all right") {
  CHECK(TlsContext::make(good()));
  CHECK(TlsContext::make({.side = Side::Servers}));
  CHECK(TlsContext::make({.side = Side::Servers, .verify = Verify::Host}));
  TlsSettings all = good();
  all.verify = Verify::Authority;
  all.ca_file = authority.ca();
  all.protocols = "TLSv1.2, tlsv1.3";
  all.ciphers = "HIGH:!aNULL";
  all.tls13_ciphers = "TLS_AES_128_GCM_SHA256";
  all.ecdhcurve = "prime256v1";
  all.dheparams = "none";
  CHECK(TlsContext::make(all));
  for (const char* word : {"default", "secure", "fast", "normal", "all", "Default"}) {
    all.ciphers = word;
    CHECK(TlsContext::make(all));
  }
}

TEST_CASE_FIXTURE(Case, "protocols") {
  const auto allowed = [](const char* list, long least, long most) {
    const auto made = TlsContext::make({.side = Side::Servers, .protocols = list});
    REQUIRE(made.has_value());
    return SSL_CTX_get_min_proto_version((*made)->get()) == least &&
           SSL_CTX_get_max_proto_version((*made)->get()) == most;
  };
  CHECK(allowed("secure", TLS1_2_VERSION, TLS1_3_VERSION));
  CHECK(allowed("all", TLS1_VERSION, TLS1_3_VERSION));
  CHECK(allowed("legacy", TLS1_VERSION, TLS1_3_VERSION));
  CHECK(allowed("tlsv1.2", TLS1_2_VERSION, TLS1_2_VERSION));
  CHECK(allowed("tlsv1.3:TLSV1.1", TLS1_1_VERSION, TLS1_3_VERSION));
  const auto holey = TlsContext::make({.side = Side::Servers, .protocols = "tlsv1.1,tlsv1.3"});
  CHECK((SSL_CTX_get_options((*holey)->get()) & SSL_OP_NO_TLSv1_2) != 0);
}

TEST_CASE_FIXTURE(Case, "a bad value names its setting") {
  const auto with = [this](auto field, const char* value) {
    TlsSettings settings = good();
    settings.*field = value;
    return settings;
  };
  refused(with(&TlsSettings::protocols, "sslv3"), "client_tls_protocols", "\"sslv3\" is no TLS");
  refused(with(&TlsSettings::protocols, " "), "client_tls_protocols", "no TLS protocol is allowed");
  refused(with(&TlsSettings::ciphers, "NO"), "client_tls_ciphers", "invalid ciphers \"NO\"");
  refused(with(&TlsSettings::tls13_ciphers, "NOSUCH"), "client_tls13_ciphers",
          "failed to set the TLSv1.3 cipher suites \"NOSUCH\"");
  refused(with(&TlsSettings::ecdhcurve, "nosuch"), "client_tls_ecdhcurve", "invalid ecdhe curve");
  refused(with(&TlsSettings::dheparams, "nosuch"), "client_tls_dheparams", "invalid dhe");
}

TEST_CASE_FIXTURE(Case, "a bad file names its setting and itself") {
  TlsSettings s = good();
  s.cert_file = authority.file("nosuch.crt");
  refused(s, "client_tls_cert_file", "nosuch.crt: No such file or directory");
  s.cert_file = write("empty.crt", "");
  refused(s, "client_tls_cert_file", "empty.crt is empty");
  s.cert_file = write("garbage.crt", "garbage\n");
  refused(s, "client_tls_cert_file", "garbage.crt holds no usable certificate");
  s = good();
  s.key_file = write("garbage.key", "garbage\n");
  refused(s, "client_tls_key_file", "garbage.key holds no usable private key");
  authority.issue("other", {.cn = "other"});
  s.key_file = authority.file("other.key");
  refused(s, "client_tls_key_file", "other.key does not belong to the certificate in");
  s.key_file.clear();
  refused(s, "client_tls_key_file", "client_tls_cert_file is set, so client_tls_key_file is");
  s.cert_file.clear();
  refused(s, "client_tls_cert_file", "To allow TLS connections from clients");
  s = good();
  s.verify = Verify::Host;
  refused(s, "client_tls_ca_file", "client_tls_sslmode requires client_tls_ca_file");
  s.ca_file = authority.file("nosuch.crt");
  refused(s, "client_tls_ca_file", "No such file or directory");
  s.ca_file = write("garbage.ca", "garbage\n");
  refused(s, "client_tls_ca_file", "garbage.ca holds no usable certificate");
  s.side = Side::Servers;
  refused(s, "server_tls_ca_file", "garbage.ca holds no usable certificate");
}

TEST_CASE_FIXTURE(Case, "a key with a passphrase is refused, not asked for") {
  const test::Key key(EVP_EC_gen("P-256"));
  std::FILE* out = std::fopen(authority.file("locked.key").c_str(), "w");
  unsigned char phrase[] = "secret";
  PEM_write_PrivateKey(out, key.get(), EVP_aes_128_cbc(), phrase, 6, nullptr, nullptr);
  std::fclose(out);
  TlsSettings s = good();
  s.key_file = authority.file("locked.key");
  refused(s, "client_tls_key_file", "without a passphrase");
}
