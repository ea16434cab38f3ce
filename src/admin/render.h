// The console's answers as protocol bytes, each ended by ReadyForQuery. Pure.
// To add a SHOW: its function in a show_*.cc, declared in show.h, and a row in render.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "admin/command.h"
#include "admin/view.h"
#include "wire/write.h"

namespace weir::admin {

// Whether SHOW of this wants a View whose snapshots have a row for each client and server.
bool needs_sockets(std::string_view what);

// A Command of kind Show.
void render_show(const Command& command, const View& view, wire::Buffer& out);

// What SHOW has as tables, and one of them as JSON; empty where there is no such table.
std::vector<std::string_view> json_names();
std::string render_json(std::string_view what, const View& view);

// What such a command answers, for the extended protocol: RowDescription, or NoData where there
// are no rows. Nothing is carried out.
void append_description(const Command& command, const View& view, wire::Buffer& out);

void append_done(wire::Buffer& out, std::string_view tag);
// SET of a setting that drivers send on their own: a notice, and success.
void append_set_ignored(wire::Buffer& out);
// Of severity ERROR: the console's connection goes on. PgBouncer's state for all its refusals is
// a protocol violation, and for a failed RELOAD F0000.
void append_refused(wire::Buffer& out, std::string_view text, std::string_view sqlstate = "08P01");

}  // namespace weir::admin
