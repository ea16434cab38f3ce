// What a client is owed, byte for byte, and what it got.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::sim {

class Transcript {
 public:
  // What PostgreSQL alone would have sent next.
  void expect(std::string_view bytes) { owed_ += bytes; }
  // One of several answers, when nothing else is owed; which one is then chosen().
  void expect_any(std::vector<std::string> answers);

  // Takes what has arrived. Empty where it is right, else what is wrong with it.
  std::string receive(std::string_view bytes);
  // The connection has ended. Empty where what arrived is a beginning of what was owed.
  std::string end() const;

  bool complete() const { return owed_.empty() && in_.empty() && open_.empty(); }
  std::size_t chosen() const { return chosen_; }
  // The SQLSTATE of the FATAL error that the pooler or the server took leave with.
  const std::string& farewell() const { return farewell_; }
  std::string shown() const;

 private:
  bool choose(std::string_view message);
  std::string judge(std::string_view message);

  std::string owed_;
  std::vector<std::pair<std::size_t, std::string>> open_;  // answers that it may still be
  std::string in_;      // a message that is not whole yet
  std::string farewell_;
  std::size_t chosen_ = 0;
};

}  // namespace weir::sim
