#include "config/problem.h"

#include <fmt/format.h>

#include <string_view>

#include "base/check.h"

namespace weir::config {

namespace {

std::string_view severity_name(Severity severity) {
  switch (severity) {
    case Severity::Error: return "error";
    case Severity::Warning: return "warning";
    case Severity::Note: return "note";
  }
  ASSERT(false);
}

}  // namespace

std::string to_string(const Problem& problem) {
  const auto severity = severity_name(problem.severity);
  if (problem.line == 0) return fmt::format("{}: {}: {}", problem.file, severity, problem.text);
  return fmt::format("{}:{}: {}: {}", problem.file, problem.line, severity, problem.text);
}

}  // namespace weir::config
