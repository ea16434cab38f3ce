// A connection through libpq, for the tools that ask a server or the pooler's console something.
// Every call has a deadline, and ends soon after its stop token says so; one thread at a time.
#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "watch/rows.h"

struct pg_conn;

namespace weir::watch {

// libpq's keywords and their values. What is not there comes from the environment, as ever.
using Parameters = std::vector<std::pair<std::string, std::string>>;

class Console {
 public:
  static Result<Console> connect(const Parameters& parameters, std::chrono::seconds patience,
                                 std::stop_token stop = {});

  // The rows of the last statement of `sql`. After an error of the connection, rather than of the
  // statement, is_lost().
  Result<Rows> query(std::string_view sql, std::chrono::seconds patience);
  bool is_lost() const;

  // Where it is connected to and as whom, as in "127.0.0.1:6432" and "alice".
  std::string where() const;
  std::string user() const;

 private:
  struct Finish {
    void operator()(pg_conn* connection) const;
  };
  using Connection = std::unique_ptr<pg_conn, Finish>;

  Console(Connection connection, std::stop_token stop)
      : connection_(std::move(connection)), stop_(std::move(stop)) {}
  Result<void> wait_for_answer(std::chrono::steady_clock::time_point deadline);

  Connection connection_;
  std::stop_token stop_;
  bool out_of_step_ = false;  // an answer is still owed
};

}  // namespace weir::watch
