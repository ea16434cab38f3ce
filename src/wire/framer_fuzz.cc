// A stream of messages cut in two ways gives the same messages: all at once, and as the first
// bytes of the input say.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/check.h"
#include "wire/framer.h"

namespace {

using namespace weir;
using wire::Piece;

struct Wants {
  static std::size_t want(std::uint8_t type, std::size_t total) {
    return type % 2 == 0 ? std::min<std::size_t>(total, 64) : wire::kHeaderSize;
  }
};

struct Outcome {
  std::vector<std::string> messages;
  bool bad = false;
};

// False once the stream has gone bad.
bool take(wire::Framer<Wants>& framer, Bytes part, Outcome& out) {
  for (Piece piece = framer.next(part); piece.kind != Piece::Kind::None;
       piece = framer.next(part)) {
    if (piece.kind == Piece::Kind::Bad) {
      out.bad = true;
      return false;
    }
    if (piece.kind == Piece::Kind::Head) out.messages.emplace_back();
    ASSERT(!out.messages.empty());
    out.messages.back() += as_text(piece.bytes);
  }
  ASSERT(part.empty());
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  const Bytes stream(data + 4, size - 4);
  Outcome whole, cut;
  wire::Framer<Wants> one, other;
  take(one, stream, whole);
  std::size_t at = 0;
  for (std::size_t i = 0; at < stream.size(); ++i) {
    const std::size_t n = std::min<std::size_t>(stream.size() - at, 1 + data[i % 4] % 17);
    if (!take(other, stream.subspan(at, n), cut)) break;
    at += n;
  }
  ASSERT(whole.bad == cut.bad);
  // A last message that is not complete may have been handed out in part, or not yet.
  const std::size_t complete = std::min(whole.messages.size(), cut.messages.size());
  ASSERT(whole.messages.size() <= complete + 1 && cut.messages.size() <= complete + 1);
  for (std::size_t i = 0; i + 1 < complete; ++i) ASSERT(whole.messages[i] == cut.messages[i]);
  return 0;
}
