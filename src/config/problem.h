// What is wrong, or worth knowing, in a configuration: where, what, and the cure.
#pragma once

#include <string>
#include <vector>

namespace weir::config {

enum class Severity { Error, Warning, Note };

struct Problem {
  Severity severity;
  std::string file;
  unsigned line;  // 0: the file as a whole
  std::string text;
};

using Problems = std::vector<Problem>;

// "c.ini:9: error: ...", the way compilers print it.
std::string to_string(const Problem& problem);

}  // namespace weir::config
