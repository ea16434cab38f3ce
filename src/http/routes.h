// Which question a request is, or what it is told at once. Pure.
#pragma once

#include <string_view>
#include <variant>

#include "http/question.h"

namespace weir::http {

// `path` without the query, `accept` the header of that name.
std::variant<Question, Answer> route(std::string_view method, std::string_view path,
                                     std::string_view accept);

// OpenMetrics for those who rather read that than Prometheus's own text.
stats::ExpositionFormat wanted_format(std::string_view accept);

// Whether the path may be asked for by everybody: it tells nothing but that the process is there.
bool is_open_to_all(std::string_view path);

}  // namespace weir::http
