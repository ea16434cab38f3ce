// For the tests of TLS: a certificate authority made at run time, and files with what it signs.
#pragma once

#include <doctest/doctest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <memory>
#include <string>

#include "net/test_sockets.h"

namespace weir::net::test {

struct PartFree {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using Key = std::unique_ptr<EVP_PKEY, PartFree>;
using Certificate = std::unique_ptr<X509, PartFree>;

struct CertificateRequest {
  std::string cn;
  std::string names = {};  // subjectAltName, as in DNS:a.example,IP:127.0.0.1
  bool authority = false;
  bool expired = false;
};

inline void add_extension(X509* certificate, int nid, const std::string& value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
  REQUIRE(extension != nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// Signed by `issuer`'s key, or by its own where there is none.
inline Certificate make_certificate(const CertificateRequest& wanted, EVP_PKEY* key,
                                    const X509* issuer, EVP_PKEY* issuer_key) {
  constexpr long kDay = 24 * 60 * 60;
  Certificate made(X509_new());
  X509_set_version(made.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -2 * kDay);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), wanted.expired ? -kDay : kDay);
  X509_set_pubkey(made.get(), key);
  X509_NAME* subject = X509_get_subject_name(made.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(wanted.cn.c_str()), -1, -1, 0);
  X509_set_issuer_name(made.get(), issuer ? X509_get_subject_name(issuer) : subject);
  if (wanted.authority) add_extension(made.get(), NID_basic_constraints, "critical,CA:TRUE");
  if (!wanted.names.empty()) add_extension(made.get(), NID_subject_alt_name, wanted.names);
  REQUIRE(X509_sign(made.get(), issuer_key ? issuer_key : key, EVP_sha256()) > 0);
  return made;
}

// A folder with an authority's certificate and those that it signs; gone with the object.
class Authority {
 public:
  Authority() : key_(EVP_EC_gen("P-256")) {
    certificate_ = make_certificate({.cn = "test authority", .authority = true}, key_.get(),
                                    nullptr, nullptr);
    write("ca.crt", certificate_.get());
  }

  std::string file(const std::string& name) const { return folder_.file(name); }
  std::string ca() const { return file("ca.crt"); }

  // Makes name.key and name.crt.
  void issue(const std::string& name, const CertificateRequest& wanted) {
    const Key key(EVP_EC_gen("P-256"));
    const Certificate made = make_certificate(wanted, key.get(), certificate_.get(), key_.get());
    write(name + ".crt", made.get());
    std::FILE* out = std::fopen(file(name + ".key").c_str(), "w");
    REQUIRE(out != nullptr);
    REQUIRE(PEM_write_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
    std::fclose(out);
  }

 private:
  void write(const std::string& name, X509* certificate) {
    std::FILE* out = std::fopen(file(name).c_str(), "w");
    REQUIRE(out != nullptr);
    REQUIRE(PEM_write_X509(out, certificate) == 1);
    std::fclose(out);
  }

  Directory folder_;
  Key key_;
  Certificate certificate_;
};

}  // namespace weir::net::test
