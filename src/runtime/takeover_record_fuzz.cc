// What is decoded can be encoded again, and then means the same.
#include "base/check.h"
#include "runtime/takeover_record.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  Bytes in(data, size);
  const auto decoded = runtime::decode(in);
  if (!decoded || !*decoded) return 0;
  const wire::Buffer once = runtime::encode((*decoded)->record, (*decoded)->with_descriptor);
  Bytes again(once);
  const auto second = runtime::decode(again);
  ASSERT(second && *second && again.empty());
  ASSERT(runtime::encode((*second)->record, (*second)->with_descriptor) == once);
  return 0;
}
