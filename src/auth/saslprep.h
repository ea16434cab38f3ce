// SASLprep (RFC 4013) as PostgreSQL applies it to passwords before SCRAM.
#pragma once

#include <string>
#include <string_view>

namespace weir::auth {

// The prepared password, or the bytes as given where they are not UTF-8, prepare to nothing, hold a
// prohibited or (in Unicode 3.2) unassigned character, or mix directions: PostgreSQL and libpq do
// the same, so that passwords in any encoding work.
std::string saslprep(std::string_view password);

}  // namespace weir::auth
