// What RESET goes back to: PostgreSQL's sessions go back to their startup packet, and a client's
// was another than its server's. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "session/client.h"
#include "session/room.h"
#include "session/server.h"

namespace weir::session {

// The statement of ours that must come right behind the client's `text`, so that the two do what
// PostgreSQL does; empty where `text` does that alone. A text in a batch of extended messages is in
// a transaction to the next Sync at least; a simple Query of its own is in none of its making.
enum class Within : std::uint8_t { Batch, Query };
std::string restoring_sql(const Client& c, const Server& s, std::string_view text, Within within);

}  // namespace weir::session
