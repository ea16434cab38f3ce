// What a client is owed, byte for byte, and what it got.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir::sim {

class Transcript {
 public:
  // What PostgreSQL alone would have sent next.
  void expect(std::string_view bytes) { owed_ += bytes; }
  // Either of two answers, when nothing else is owed: 0 or 1 is then chosen().
  void expect_either(std::string first, std::string second);

  // Takes what has arrived. Empty where it is right, else what is wrong with it.
  std::string receive(std::string_view bytes);
  // The connection has ended. Empty where what arrived is a beginning of what was owed.
  std::string end() const;

  bool complete() const { return owed_.empty() && in_.empty() && second_.empty(); }
  std::optional<int> chosen() const { return chosen_; }
  // The SQLSTATE of the FATAL error that the pooler or the server took leave with.
  const std::string& farewell() const { return farewell_; }
  std::string shown() const;

 private:
  bool choose(std::string_view message);
  std::string judge(std::string_view message);

  std::string owed_;
  std::string second_;  // the other answer, while it is open which it is
  std::string in_;      // a message that is not whole yet
  std::string farewell_;
  std::optional<int> chosen_;
};

}  // namespace weir::sim
