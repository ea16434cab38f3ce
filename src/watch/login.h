// From what the command line says to where the console is, and from libpq's errors to their cures.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "watch/console.h"

namespace weir::watch {

// A connection string or nothing. Where it says nothing: PGHOST, PGPORT and the like, then the
// pooler on this machine. The database is the console's unless the string names another: PGDATABASE
// is about other work.
Result<Parameters> console_parameters(const std::string& connection_string);

// What libpq says without where it was, as in "Connection refused".
std::string_view brief(std::string_view reason);
// Why the console could not be asked, and what to do about it.
std::string explain_refusal(std::string_view reason);
std::string not_a_console(std::string_view reason);

}  // namespace weir::watch
