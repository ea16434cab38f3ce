#include "auth/saslprep.h"
#include "auth/secret.h"
#include "auth/unicode.h"
#include "base/check.h"

// A SCRAM secret means the same after one more round; preparing a password twice changes nothing
// that is normalized already.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  const auto text = as_text({data, size});
  const auto secret = auth::parse_secret(text);
  ASSERT(secret.text == text);
  ASSERT(secret.scram.has_value() == (secret.kind == auth::SecretKind::Scram));
  if (secret.scram) {
    const auto again = auth::parse_secret(auth::format(*secret.scram));
    ASSERT(again.scram == secret.scram);
  }
  const auto prepared = auth::saslprep(text);
  const auto code_points = auth::decode_utf8(prepared);
  if (!code_points) {
    ASSERT(prepared == text);
    return 0;
  }
  ASSERT(auth::encode_utf8(*code_points) == prepared);
  const auto normalized = auth::normalize_nfkc(*code_points);
  ASSERT(auth::normalize_nfkc(normalized) == normalized);
  return 0;
}
