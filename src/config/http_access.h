// Who may ask over HTTP, as far as the configuration decides it.
#pragma once

#include <string_view>

#include "config/draft.h"

namespace weir::config {

// `localhost` and numeric loopback addresses; any other name may be anything.
bool is_loopback(std::string_view host);

// Whether some user of the console could give a password.
bool has_console_passwords(const Config& config);

void check_http(Draft& draft);

}  // namespace weir::config
