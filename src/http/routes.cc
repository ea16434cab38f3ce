#include "http/routes.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace weir::http {

namespace {

constexpr std::string_view kApi = "/api/v1/";
constexpr std::size_t kWhatMax = 64;

constexpr std::string_view kIndex = R"(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Weir</title>
<h1>Weir</h1>
<ul>
<li><a href="/metrics">/metrics</a>: for Prometheus
<li><a href="/healthz">/healthz</a>: whether the process answers
<li><a href="/readyz">/readyz</a>: whether it can do its work
<li><a href="/api/v1/">/api/v1/</a>: what SHOW gives at the console, as JSON
</ul>
)";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Cuts what stands before the next `separator` off the front of `rest`.
std::string_view next_part(std::string_view& rest, char separator) {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return trimmed(part);
}

// The weight of one media range; 1 where none is said.
double weight_of(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::string_view parameter = next_part(parameters, ';');
    if (!parameter.starts_with("q=") && !parameter.starts_with("Q=")) continue;
    double weight = 0;
    const auto read =
        std::from_chars(parameter.data() + 2, parameter.data() + parameter.size(), weight);
    return read.ec == std::errc{} ? weight : 0;
  }
  return 1;
}

Answer refuse_method(std::string_view method) {
  return failure(405, fmt::format("{} is not possible: all of this is only read, by GET or HEAD",
                                  method));
}

}  // namespace

Answer failure(int status, std::string_view text) {
  std::string body = "{\"error\":\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') body += '\\';
    body += static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e ? '?' : c;
  }
  return {.status = status, .body = body + "\"}\n"};
}

stats::ExpositionFormat wanted_format(std::string_view accept) {
  double open = 0;
  double plain = 0;
  while (!accept.empty()) {
    std::string_view range = next_part(accept, ',');
    const std::string_view type = next_part(range, ';');
    const double weight = weight_of(range);
    if (type == "application/openmetrics-text") open = std::max(open, weight);
    if (type == "text/plain") plain = std::max(plain, weight);
  }
  return open > 0 && open >= plain ? stats::ExpositionFormat::OpenMetrics
                                   : stats::ExpositionFormat::Prometheus;
}

bool is_open_to_all(std::string_view path) { return path == "/healthz"; }

std::variant<Question, Answer> route(std::string_view method, std::string_view path,
                                     std::string_view accept) {
  if (method != "GET" && method != "HEAD") return refuse_method(method);
  using Kind = Question::Kind;
  if (path == "/") return Answer{.type = "text/html; charset=utf-8", .body = std::string(kIndex)};
  if (path == "/metrics") return Question{.kind = Kind::Metrics, .format = wanted_format(accept)};
  if (path == "/healthz") return Question{.kind = Kind::Health};
  if (path == "/readyz") return Question{.kind = Kind::Ready};
  if (path == kApi || path == kApi.substr(0, kApi.size() - 1)) return Question{.kind = Kind::Names};
  if (path.starts_with(kApi) && path.size() <= kApi.size() + kWhatMax)
    return Question{.kind = Kind::Show, .what = std::string(path.substr(kApi.size()))};
  return failure(404, "there is no such page: / lists them");
}

}  // namespace weir::http
