// What a client of the admin console wants done; the runtime has it carried out, and answers with
// Engine::console_reply().
#pragma once

#include <cstdint>
#include <string>

namespace weir::session {

struct ConsoleCommand {
  enum class Stage : std::uint8_t {
    Run,       // its answer: whatever the simple protocol gives, with ReadyForQuery
    Describe,  // its answer: RowDescription or NoData, or an error
  };

  Stage stage = Stage::Run;
  bool admin = false;  // may do more than SHOW
  std::string text;
};

}  // namespace weir::session
