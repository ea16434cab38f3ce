// Base64 as SCRAM uses it: padded, without line breaks, one spelling for each value.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace weir::auth {

std::string base64_encode(Bytes data);
// Nothing unless `text` is exactly what base64_encode() writes for some bytes: a second spelling of
// a proof or a key would let a changed message pass.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace weir::auth
