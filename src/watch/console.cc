#include "watch/console.h"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>

namespace weir::watch {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Answer = std::unique_ptr<PGresult, decltype(&PQclear)>;

// How soon a stop is seen.
constexpr auto kSlice = 100ms;

// False when the deadline passes first, or a stop is wanted. A signal only makes it look again.
bool wait_for(const PGconn* connection, short events, Clock::time_point deadline,
              const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    pollfd fd{PQsocket(connection), events, 0};
    const auto slice = std::clamp<std::chrono::milliseconds>(left, 0ms, kSlice);
    if (poll(&fd, 1, static_cast<int>(slice.count())) > 0) return true;
    if (left <= 0ms) return false;
  }
  return false;
}

// In one line; those that libpq indents are its hints, and ours say more.
std::string one_line(std::string_view text) {
  std::string joined;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.starts_with('\t')) continue;
    if (!joined.empty()) joined += "; ";
    joined += line;
  }
  return joined;
}

std::unexpected<Error> error_of(const PGconn* connection) {
  return fail(one_line(PQerrorMessage(connection)));
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

Result<Console> Console::connect(const Parameters& parameters, std::chrono::seconds patience,
                                 std::stop_token stop) {
  std::vector<const char*> keywords, values;
  for (const auto& [keyword, value] : parameters) {
    keywords.push_back(keyword.c_str());
    values.push_back(value.c_str());
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  Connection connection(PQconnectStartParams(keywords.data(), values.data(), 0));
  const auto deadline = Clock::now() + patience;
  if (connection == nullptr) return fail("out of memory");
  auto state = PGRES_POLLING_WRITING;
  while (state != PGRES_POLLING_OK && PQstatus(connection.get()) != CONNECTION_BAD) {
    const short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    if (!wait_for(connection.get(), events, deadline, stop)) return fail("no answer to the login");
    state = PQconnectPoll(connection.get());
  }
  if (PQstatus(connection.get()) != CONNECTION_OK) return error_of(connection.get());
  // Notices would go to standard error, across whatever is on the screen.
  PQsetNoticeReceiver(connection.get(), [](void*, const PGresult*) {}, nullptr);
  return Console(std::move(connection), std::move(stop));
}

Result<void> Console::wait_for_answer(Clock::time_point deadline) {
  while (PQisBusy(connection_.get()) != 0) {
    if (!wait_for(connection_.get(), POLLIN, deadline, stop_)) {
      out_of_step_ = true;
      return fail("no answer in time");
    }
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
      rows = fail(one_line(PQresultErrorMessage(answer.get())));
    } else if (rows) {
      rows = rows_of(answer.get());
    }
  }
}

bool Console::is_lost() const {
  return out_of_step_ || PQstatus(connection_.get()) != CONNECTION_OK;
}

std::string Console::where() const {
  const std::string host = PQhost(connection_.get()), port = PQport(connection_.get());
  if (host.starts_with('/')) return fmt::format("{}/.s.PGSQL.{}", host, port);
  return host.contains(':') ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

std::string Console::user() const { return PQuser(connection_.get()); }

}  // namespace weir::watch
