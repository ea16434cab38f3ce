// Why a command may not be carried out as things stand: rights, names and the state of the pooler.
// Pure; the console's owner asks before it acts.
#pragma once

#include <string>

#include "admin/command.h"
#include "admin/view.h"

namespace weir::admin {

// PgBouncer's exact text for append_refused(); empty: nothing stands against it.
// `administrator` is false for stats_users. Of View it reads the configuration and what is paused.
std::string refusal(const Command& command, const View& view, bool administrator);

}  // namespace weir::admin
