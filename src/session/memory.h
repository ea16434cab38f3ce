// How much memory one worker's objects take, for SHOW MEM.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/slab.h"
#include "session/client.h"
#include "session/room.h"
#include "session/server.h"
#include "session/snapshot.h"
#include "session/statements.h"

namespace weir::session {

using Rooms = std::map<std::pair<std::string, std::string>, std::unique_ptr<Room>, std::less<>>;

// What hangs on an object by pointers (texts, backlogs) is not counted, but the texts of
// statements and the histograms of pools are.
std::vector<MemoryRow> memory_of(Slab<Client, ClientId>& clients, Slab<Server, ServerId>& servers,
                                 const Rooms& rooms, const StatementTable& statements);

}  // namespace weir::session
