#include "instant_answers.h"

#include <algorithm>
#include <cctype>

#include "wire/message.h"

namespace weir::bench {

using wire::Buffer;
using wire::Writer;
namespace be = wire::be;

namespace {

struct Parameter {
  std::string_view name;
  std::string_view value;
};

// In PostgreSQL 17's order.
constexpr std::array<Parameter, 14> kParameters{{
    {"in_hot_standby", "off"},
    {"integer_datetimes", "on"},
    {"TimeZone", "Etc/UTC"},
    {"IntervalStyle", "postgres"},
    {"is_superuser", "off"},
    {"application_name", ""},
    {"default_transaction_read_only", "off"},
    {"scram_iterations", "4096"},
    {"DateStyle", "ISO, MDY"},
    {"standard_conforming_strings", "on"},
    {"session_authorization", "bench"},
    {"client_encoding", "UTF8"},
    {"server_version", "17.6"},
    {"server_encoding", "UTF8"},
}};

bool same_letter(char a, char b) {
  return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
}

// kParameters.size() when there is none.
std::size_t index_of(std::string_view name) {
  const auto found = std::ranges::find_if(kParameters, [name](const Parameter& parameter) {
    return std::ranges::equal(parameter.name, name, same_letter);
  });
  return static_cast<std::size_t>(found - kParameters.begin());
}

void append_one_row(Buffer& out, bool binary) {
  Writer row(out, be::kDataRow);
  row.u16(1);
  if (binary) {
    row.u32(4).u32(1);
  } else {
    row.u32(1).u8('1');
  }
}

Canned build_canned() {
  Canned answers;
  append_row_description(answers.description, false);
  append_one_row(answers.row, false);
  append_one_row(answers.binary_row, true);
  return answers;
}

}  // namespace

void append_row_description(Buffer& out, bool binary) {
  constexpr std::uint32_t kInt4 = 23, kNoModifier = 0xFFFFFFFF;
  Writer row(out, be::kRowDescription);
  row.u16(1).cstr("?column?").u32(0).u16(0).u32(kInt4).u16(4).u32(kNoModifier).u16(binary ? 1 : 0);
}

const Canned& canned() {
  static const Canned answers = build_canned();
  return answers;
}

void report_parameter(Buffer& out, std::string_view name, std::string_view value) {
  const auto at = index_of(name);
  if (at == kParameters.size()) return;
  const auto& parameter = kParameters[at];
  wire::append_parameter_status(out, parameter.name, value.empty() ? parameter.value : value);
}

ParameterValues::ParameterValues() {
  for (std::size_t i = 0; i < values_.size(); ++i) values_[i] = kParameters[i].value;
}

void ParameterValues::set(std::string_view name, std::string_view value) {
  const auto at = index_of(name == "user" ? "session_authorization" : name);
  if (at < values_.size()) values_[at] = value;
}

void ParameterValues::append_to(Buffer& out) const {
  for (std::size_t i = 0; i < values_.size(); ++i) {
    wire::append_parameter_status(out, kParameters[i].name, values_[i]);
  }
}

}  // namespace weir::bench
