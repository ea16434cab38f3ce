// A connection through libpq, for the tools that ask a server or the pooler's console something.
// Every call has a deadline; one thread at a time.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct pg_conn;

namespace weir::cli {

struct Address {
  std::string host;  // a name, or the folder of a Unix socket
  int port = 0;
  std::string database, user, password;
};

// Rows by the names of their columns; NULL is the empty string.
using Row = std::map<std::string, std::string, std::less<>>;
using Rows = std::vector<Row>;

class Console {
 public:
  static Result<Console> connect(const Address& address, std::chrono::seconds patience);

  // The rows of the last statement of `sql`.
  Result<Rows> query(std::string_view sql, std::chrono::seconds patience);

 private:
  struct Finish {
    void operator()(pg_conn* connection) const;
  };
  using Connection = std::unique_ptr<pg_conn, Finish>;

  explicit Console(Connection connection) : connection_(std::move(connection)) {}
  Result<void> wait_for_answer(std::chrono::steady_clock::time_point deadline);

  Connection connection_;
};

}  // namespace weir::cli
