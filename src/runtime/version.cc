#include "runtime/version.h"

#include <fmt/format.h>
#include <openssl/crypto.h>

namespace weir::runtime {

const std::string_view kVersion = "PgBouncer 1.26.1 (Weir " WEIR_VERSION ")";

std::string version_text() {
  return fmt::format("{}\ntls: {}\nsystemd: yes", kVersion, OpenSSL_version(OPENSSL_VERSION));
}

}  // namespace weir::runtime
