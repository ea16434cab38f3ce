#include <algorithm>

#include "auth/client_login.h"
#include "base/check.h"

// Any two messages of a client that does not know the password: never accepted, never a crash. The
// first byte says where the input is cut in two.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  if (size == 0) return 0;
  const Bytes input = Bytes(data, size).subspan(1);
  const auto first = input.subspan(0, std::min<std::size_t>(data[0], input.size()));
  const auto rest = input.subspan(first.size());
  const auth::Key key = {1};
  const auto verifier = auth::derive_scram_secret("pencil", "0123456789abcdef", 1);

  auth::ScramServer server(verifier, {}, false);
  const auto challenge = server.first(as_text(first));
  if (challenge) {
    ASSERT(challenge->starts_with("r="));
    ASSERT(!server.final(as_text(rest)));
  }

  const auth::Secret secret{auth::SecretKind::Scram, "x", verifier};
  auth::ClientLogin login(
      {auth::AuthType::ScramSha256, "alice", &secret, 1, key, {}, {1, 2, 3, 4}});
  login.start();
  for (const auto message : {first, rest}) {
    const auto step = login.on_password_message(message);
    ASSERT(!std::holds_alternative<auth::ClientLoginOk>(step));
  }
  ASSERT(!login.keys());
  return 0;
}
