// The answers of the instant server that never change, and the parameters it reports as PostgreSQL
// 17 does. Free of I/O and of any session's state.
#pragma once

#include <array>
#include <string_view>

#include "wire/write.h"

namespace weir::bench {

void append_row_description(wire::Buffer& out, bool binary);

// What is answered again and again, built once.
struct Canned {
  wire::Buffer description, row, binary_row;
};
const Canned& canned();

// Reports a changed setting, or its default where the value is empty; nothing unless the server
// reports it at all.
void report_parameter(wire::Buffer& out, std::string_view name, std::string_view value);

// What a new session's parameters are: the defaults, and what its startup packet asks for.
class ParameterValues {
 public:
  ParameterValues();
  void set(std::string_view name, std::string_view value);
  void append_to(wire::Buffer& out) const;

 private:
  std::array<std::string_view, 14> values_;
};

}  // namespace weir::bench
