// What the instant server answers to a statement, told from its first word: a row, many rows, a
// copy or only a command tag. Free of I/O and of the session's state.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weir::bench {

enum class Answer : std::uint8_t { kNothing, kRow, kCommand, kRows, kCopyIn, kCopyOut };
enum class Effect : std::uint8_t { kNone, kBegin, kEnd, kBackToSavepoint };

struct Plan {
  Answer answer = Answer::kNothing;
  Effect effect = Effect::kNone;
  std::uint16_t parameters = 0;  // the highest $n of the text
  std::string_view tag;          // static
  std::uint64_t rows = 0;        // of kRows and kCopyOut
  std::uint32_t row_size = 0;
  std::string setting, value;  // of SET and RESET, to be reported; no value means the default
};

Plan plan_for(std::string_view statement);

// Takes the first statement off `text`: up to a semicolon outside quotes.
std::string_view take_statement(std::string_view& text);

}  // namespace weir::bench
