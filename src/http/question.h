// What somebody asks over HTTP, and what they are told. Values; made and read by the server's
// threads, answered by whoever owns the state.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "stats/exposition.h"

namespace weir::http {

struct Question {
  enum class Kind : std::uint8_t {
    Metrics,
    Health,  // whether the process answers
    Ready,   // whether it can do its work
    Names,   // what `Show` knows
    Show,    // `what`, as the console's SHOW
  };

  Kind kind = Kind::Health;
  stats::ExpositionFormat format = stats::ExpositionFormat::Prometheus;  // of Metrics
  std::string what = {};                                                 // of Show
};

inline constexpr std::string_view kJson = "application/json";

struct Answer {
  int status = 200;
  std::string type = std::string(kJson);
  std::string body = {};
};

// A JSON object with the one key `error`.
Answer failure(int status, std::string_view text);

class Source {
 public:
  virtual ~Source() = default;

  // From any thread of the server; blocks until it is answered, for a bounded time.
  virtual Answer ask(const Question& question) = 0;
  // Somebody at that address could not prove that it may ask.
  virtual void note_denied(std::string_view peer) = 0;
};

}  // namespace weir::http
