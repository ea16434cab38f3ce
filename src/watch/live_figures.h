// What the pooler does right now, as one line for a person to watch: taken from two readings of
// its console, as any monitoring would.
#pragma once

#include <optional>
#include <string>

#include "watch/console.h"
#include "watch/reading.h"

namespace weir::watch {

std::string describe(const Reading& before, const Reading& now);

class LiveFigures {
 public:
  explicit LiveFigures(Parameters console) : parameters_(std::move(console)) {}

  // What happened since the last call; the reason where the console does not answer.
  std::string line();

 private:
  Result<Reading> read();

  Parameters parameters_;
  std::optional<Console> console_;
  std::optional<Reading> last_;
};

}  // namespace weir::watch
