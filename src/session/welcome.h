// What a client is told of settings at the end of its login.
#pragma once

#include "config/settings.h"
#include "pool/limits.h"
#include "wire/startup.h"
#include "wire/write.h"

namespace weir::session {

inline constexpr std::string_view kPgbouncerVersion = "1.26.1";

// A ParameterStatus for each that a server has reported, and for what PgBouncer tells of itself, in
// its order: the settings that it does not follow, its own, those that it follows.
void append_parameters(wire::Buffer& out, const config::Settings& settings, pool::Mode mode,
                       const wire::Parameters& reported);

// The same of the console.
void append_console_parameters(wire::Buffer& out);

// login_notify_message if there is one, and that the client may begin.
void append_welcome_end(wire::Buffer& out, const config::Settings& settings);

}  // namespace weir::session
