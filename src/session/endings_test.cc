#include "session/endings.h"

#include <doctest/doctest.h>

#include <set>

namespace weir::session {

TEST_CASE("every error that closes a client has a reason, and deadlines one each") {
  std::set<stats::Timeout> missed;
  for (int i = 0; i <= static_cast<int>(Fault::LoginQueueFull); ++i) {
    const auto fault = static_cast<Fault>(i);
    const ClientEnd end = end_of(fault);
    CHECK((end != ClientEnd::Closed && end != ClientEnd::Vanished));
    CHECK((end == ClientEnd::TimedOut) == timeout_of(fault).has_value());
    if (const auto timeout = timeout_of(fault)) missed.insert(*timeout);
  }
  CHECK(missed.size() == 6);
  CHECK(timeout_of(Fault::QueryWaitTimeout) == stats::Timeout::QueryWait);
  CHECK(timeout_of(Fault::ClientLoginTimeoutServerDown) == stats::Timeout::ClientLogin);
}

TEST_CASE("every end of a server has words of its own for the log") {
  std::set<std::string_view> texts;
  for (int i = 0; i <= static_cast<int>(ServerEnd::LoginRefused); ++i)
    CHECK(texts.insert(text_of(static_cast<ServerEnd>(i))).second);
}

}  // namespace weir::session
