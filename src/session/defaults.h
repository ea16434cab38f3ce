// What RESET goes back to: PostgreSQL's sessions go back to their startup packet, and a client's
// was another than its server's. Pure.
#pragma once

#include <string>
#include <string_view>

#include "session/client.h"
#include "session/room.h"
#include "session/server.h"

namespace weir::session {

// The statement of ours that must come right behind the client's `text`, so that the two do what
// PostgreSQL does; empty where `text` does that alone.
std::string restoring_sql(const Client& c, const Server& s, std::string_view text);

}  // namespace weir::session
