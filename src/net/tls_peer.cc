#include "net/tls_peer.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include <cstring>
#include <memory>
#include <optional>
#include <string_view>

#include "net/address.h"
#include "net/tls_context.h"

namespace weir::net {

namespace {

// A text in a certificate; none where it hides something behind a zero byte.
std::optional<std::string> text_of(const ASN1_STRING* string) {
  unsigned char* utf8 = nullptr;
  const int length = ASN1_STRING_to_UTF8(&utf8, string);
  if (length < 0) return std::nullopt;
  std::string text(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(length));
  OPENSSL_free(utf8);
  if (text.find('\0') != std::string::npos) return std::nullopt;
  return text;
}

std::string common_name(const X509* certificate) {
  const X509_NAME* subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return {};
  return text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))).value_or("");
}

struct NamesFree {
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
};
using Names = std::unique_ptr<GENERAL_NAMES, NamesFree>;

Names alternative_names(const X509* certificate) {
  return Names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
}

std::vector<std::string> names_of(const X509* certificate) {
  std::vector<std::string> out;
  const Names names = alternative_names(certificate);
  if (!names) return out;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int type = 0;
    const void* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type);
    if (type != GEN_DNS && type != GEN_EMAIL) continue;
    if (auto text = text_of(static_cast<const ASN1_STRING*>(value))) out.push_back(*text);
  }
  return out;
}

// RFC 5929, section 4.1: the hash of the certificate's own signature, never a broken one. Where
// that is not one hash (Ed25519, RSA-PSS), libpq of some versions gives up, so there is none.
std::string end_point(const X509* certificate) {
  if (certificate == nullptr) return {};
  int hash = NID_undef;
  if (OBJ_find_sigid_algs(X509_get_signature_nid(certificate), &hash, nullptr) != 1) return {};
  if (hash == NID_md5 || hash == NID_sha1) hash = NID_sha256;
  const EVP_MD* algorithm = hash == NID_undef ? nullptr : EVP_get_digestbynid(hash);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  if (algorithm == nullptr || X509_digest(certificate, algorithm, digest, &length) != 1) return {};
  return {reinterpret_cast<const char*>(digest), length};
}

std::string key_exchange(const SSL* ssl) {
  SSL* asked = const_cast<SSL*>(ssl);  // a macro of OpenSSL takes no const
  const auto group = static_cast<int>(SSL_get_negotiated_group(asked));
  if (group != NID_undef) {
    const char* name = OBJ_nid2sn(group);
    if (name == nullptr) name = SSL_group_to_name(asked, group);
    return name == nullptr ? "" : fmt::format("/ECDH={}", name);
  }
  return std::strncmp(SSL_get_cipher_name(ssl), "DHE-", 4) == 0 ? "/DH" : "";
}

bool chose_alpn(const SSL* ssl) {
  const unsigned char* chosen = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(ssl, &chosen, &length);
  return length == sizeof kAlpn - 1 && std::memcmp(chosen, kAlpn + 1, length) == 0;
}

}  // namespace

TlsPeer describe_peer(const SSL* ssl) {
  TlsPeer peer;
  peer.description = fmt::format("{}/{}{}", SSL_get_version(ssl), SSL_get_cipher_name(ssl),
                                 key_exchange(ssl));
  peer.alpn = chose_alpn(ssl);
  const X509* theirs = SSL_get0_peer_certificate(ssl);
  peer.server_end_point = end_point(SSL_is_server(ssl) ? SSL_get_certificate(ssl) : theirs);
  const bool verified = (SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER) != 0 &&
                        SSL_get_verify_result(ssl) == X509_V_OK;
  if (theirs != nullptr && verified) {
    peer.has_certificate = true;
    peer.certificate_cn = common_name(theirs);
    peer.certificate_names = names_of(theirs);
  }
  return peer;
}

bool certificate_is_for(const SSL* ssl, const std::string& host) {
  X509* certificate = SSL_get0_peer_certificate(ssl);
  if (certificate == nullptr) return false;
  if (!numeric_address(host, 0))
    return X509_check_host(certificate, host.c_str(), host.size(),
                           X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, nullptr) == 1;
  if (X509_check_ip_asc(certificate, host.c_str(), 0) == 1) return true;
  // Old certificates name an address in the subject; one with other names does not count.
  return !alternative_names(certificate) && common_name(certificate) == host;
}

}  // namespace weir::net
