#include "session/welcome.h"

#include <fmt/format.h>

#include "session/startup_parameters.h"

namespace weir::session {

void append_parameters(wire::Buffer& out, const config::Settings& settings, pool::Mode mode,
                       const wire::Parameters& reported) {
  const auto append = [&](bool tracked) {
    for (const auto& [name, value] : reported)
      if (pgbouncer_tracks(settings, name) == tracked)
        wire::append_parameter_status(out, name, value);
  };
  wire::append_parameter_status(out, "pgbouncer.version", kPgbouncerVersion);
  append(false);
  wire::append_parameter_status(out, "pgbouncer.max_prepared_statements",
                                fmt::to_string(settings.max_prepared_statements));
  wire::append_parameter_status(out, "pgbouncer.pool_mode", pool::mode_name(mode));
  append(true);
}

void append_console_parameters(wire::Buffer& out) {
  constexpr std::pair<std::string_view, std::string_view> kParameters[] = {
      {"pgbouncer.version", kPgbouncerVersion}, {"server_version", "1.26.1/bouncer"},
      {"client_encoding", "UTF8"}, {"server_encoding", "UTF8"}, {"DateStyle", "ISO"},
      {"TimeZone", "GMT"}, {"standard_conforming_strings", "on"}, {"is_superuser", "on"}};
  for (const auto& [name, value] : kParameters) wire::append_parameter_status(out, name, value);
}

void append_welcome_end(wire::Buffer& out, const config::Settings& settings) {
  if (!settings.login_notify_message.empty())
    wire::append_notice(out, {.severity = "NOTICE", .sqlstate = "00000",
                              .message = settings.login_notify_message});
  wire::append_ready(out, 'I');
}

}  // namespace weir::session
