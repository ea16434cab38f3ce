// Which of a client's startup parameters become its settings, and how.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "config/config.h"
#include "session/client.h"
#include "wire/startup.h"

namespace weir::session {

// Whether PgBouncer follows this setting: its list, and track_extra_parameters.
bool pgbouncer_tracks(const config::Settings& settings, std::string_view name);

// The settings that a client asks for: without those in ignore_startup_parameters, and with its
// address in application_name where that is wanted. Under `strict` an error, PgBouncer's text, for
// each that PgBouncer does not know.
Result<wire::Parameters> startup_parameters(const wire::Startup& asked, const Peer& peer,
                                            const config::Config& config);

}  // namespace weir::session
