// The first packet: whatever it holds, it is parsed or refused, and never read beyond its end.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "wire/startup.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const weir::Bytes in(data, size);
  const std::size_t wanted = weir::wire::startup_size(in);
  if (wanted == 0 || wanted > size) return 0;
  if (wanted >= 8) {
    if (const auto startup = weir::wire::parse_startup(in.first(wanted))) {
      if (startup->kind == weir::wire::Startup::Kind::Start) ASSERT(!startup->user.empty());
    }
  }
  weir::wire::Parameters parameters;
  (void)weir::wire::parse_options(weir::as_text(in), parameters);
  for (const auto& [name, value] : parameters) ASSERT(!name.empty());
  return 0;
}
