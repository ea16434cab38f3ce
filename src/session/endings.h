// Why connections end, as they are counted and as the log tells it.
#pragma once

#include <optional>
#include <string_view>

#include "session/errors.h"
#include "stats/tally.h"

namespace weir::session {

using stats::ClientEnd;
using stats::ServerEnd;

// What an error that closes a client is counted as; and the deadline that it has missed, if any.
ClientEnd end_of(Fault fault);
std::optional<stats::Timeout> timeout_of(Fault fault);

// The log's words, which are PgBouncer's where it has such a reason.
std::string_view text_of(ServerEnd why);

}  // namespace weir::session
