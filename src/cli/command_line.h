// The command line: PgBouncer's own, and the sub-commands up, check and options.
#pragma once

namespace weir::cli {

// Does what the arguments say; returns the exit status.
int run_command_line(int argc, char* const* argv);

}  // namespace weir::cli
