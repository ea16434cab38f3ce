// The command line that runs the pooler: PgBouncer's options and its one argument.
#pragma once

#include <optional>
#include <string>

#include "runtime/run.h"

namespace weir::cli {

struct PoolerArguments {
  enum class Ask { Run, Help, Version };

  Ask ask = Ask::Run;
  runtime::RunOptions run;
};

// Nothing when it is wrong, which has then been told on standard error.
std::optional<PoolerArguments> parse_pooler_arguments(int argc, char* const* argv);

std::string pooler_help(const char* program);

}  // namespace weir::cli
