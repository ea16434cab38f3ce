// Every text that a client sends names its owner: "c12.s3" is text 3 of client 12.
#pragma once

#include <string>
#include <string_view>

#include "postgres.h"

namespace weir::sim {

// The client of the first tag in `bytes` ("c12"), empty where there is none.
std::string client_tag(std::string_view bytes);

// A request as a trace shows it.
std::string shown(const Request& request);

}  // namespace weir::sim
