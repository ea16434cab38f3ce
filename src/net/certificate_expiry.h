// Until when our own certificate of one side holds.
#pragma once

#include <cstdint>
#include <optional>

#include "net/tls_context.h"

namespace weir::net {

// In seconds since 1970; nothing where the side has no certificate of ours.
std::optional<std::int64_t> certificate_expiry(const TlsContext& context);

}  // namespace weir::net
