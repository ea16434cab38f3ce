#include <algorithm>

#include "auth/server_login.h"
#include "base/check.h"

// Any sequence of requests of a server, each behind a byte with its length. Keys instead of a
// password, so that no input costs iterations; nothing but a proof may follow a request for one.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  const auth::ScramKeys keys{};
  auth::ScramClient client(keys, {});
  const auto proof = client.final(as_text({data, size}));
  if (proof) ASSERT(!client.verify(as_text({data, size})));

  auth::ServerLogin login({"alice", nullptr, &keys, {}});
  Bytes input(data, size);
  bool asked_for_scram = false;
  bool ended = false;
  while (!input.empty()) {
    const auto body = input.subspan(1, std::min<std::size_t>(input[0], input.size() - 1));
    input = input.subspan(1 + body.size());
    const auto step = login.on_request(body);
    const bool accepted = std::holds_alternative<auth::ServerLoginOk>(step);
    ASSERT(!(accepted && (ended || asked_for_scram)));
    ended |= accepted || std::holds_alternative<auth::LoginFailed>(step);
    asked_for_scram |= std::holds_alternative<auth::ServerAnswer>(step);
  }
  return 0;
}
