#include "cli/console.h"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace weir::cli {

namespace {

using Clock = std::chrono::steady_clock;
using Answer = std::unique_ptr<PGresult, decltype(&PQclear)>;

// False when the deadline passes first. A signal only makes it look again.
bool wait_for(const PGconn* connection, short events, Clock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    pollfd fd{PQsocket(connection), events, 0};
    const int ready = poll(&fd, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (ready >= 0 || errno != EINTR) return ready > 0;
  }
}

std::string without_newlines(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  std::ranges::replace(text, '\n', ' ');
  return text;
}

std::unexpected<Error> error_of(const PGconn* connection) {
  return fail(without_newlines(PQerrorMessage(connection)));
}

bool failed(const PGresult* answer) {
  const auto status = PQresultStatus(answer);
  return status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY;
}

Rows rows_of(const PGresult* answer) {
  Rows rows(static_cast<std::size_t>(PQntuples(answer)));
  for (int row = 0; row < PQntuples(answer); ++row) {
    for (int column = 0; column < PQnfields(answer); ++column) {
      rows[static_cast<std::size_t>(row)].emplace(PQfname(answer, column),
                                                  PQgetvalue(answer, row, column));
    }
  }
  return rows;
}

}  // namespace

void Console::Finish::operator()(pg_conn* connection) const { PQfinish(connection); }

Result<Console> Console::connect(const Address& address, std::chrono::seconds patience) {
  const auto port = fmt::format("{}", address.port);
  constexpr std::array<const char*, 8> keywords{
      "host", "port", "dbname", "user", "password", "application_name", "sslmode", nullptr};
  const std::array<const char*, 8> values{address.host.c_str(),
                                          port.c_str(),
                                          address.database.c_str(),
                                          address.user.c_str(),
                                          address.password.c_str(),
                                          "weir up",
                                          "disable",
                                          nullptr};
  Connection connection(PQconnectStartParams(keywords.data(), values.data(), 0));
  const auto deadline = Clock::now() + patience;
  if (connection == nullptr) return fail("out of memory");
  auto state = PGRES_POLLING_WRITING;
  while (state != PGRES_POLLING_OK && PQstatus(connection.get()) != CONNECTION_BAD) {
    const short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    if (!wait_for(connection.get(), events, deadline)) return fail("no answer to the login");
    state = PQconnectPoll(connection.get());
  }
  if (PQstatus(connection.get()) != CONNECTION_OK) return error_of(connection.get());
  return Console(std::move(connection));
}

Result<void> Console::wait_for_answer(Clock::time_point deadline) {
  while (PQisBusy(connection_.get()) != 0) {
    if (!wait_for(connection_.get(), POLLIN, deadline)) return fail("no answer in time");
    if (PQconsumeInput(connection_.get()) == 0) return error_of(connection_.get());
  }
  return {};
}

Result<Rows> Console::query(std::string_view sql, std::chrono::seconds patience) {
  const auto deadline = Clock::now() + patience;
  if (PQsendQuery(connection_.get(), std::string(sql).c_str()) == 0) {
    return error_of(connection_.get());
  }
  Result<Rows> rows = Rows{};
  for (;;) {
    const auto answered = wait_for_answer(deadline);
    if (!answered) return std::unexpected(answered.error());
    const Answer answer(PQgetResult(connection_.get()), &PQclear);
    if (answer == nullptr) return rows;
    if (failed(answer.get())) {
      rows = fail(without_newlines(PQresultErrorMessage(answer.get())));
    } else if (rows) {
      rows = rows_of(answer.get());
    }
  }
}

}  // namespace weir::cli
