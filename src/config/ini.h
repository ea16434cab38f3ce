// The lines of an ini file and of the files that it includes, in reading order.
// Knows nothing of options: sections and keys are just names here.
#pragma once

#include <string>
#include <vector>

#include "config/files.h"
#include "config/problem.h"

namespace weir::config {

struct Place {
  std::string file;
  unsigned line = 0;
};

struct IniLine {
  enum class Kind { Section, Entry };
  Kind kind;
  std::string name;   // of the section, or the key without its quotes
  std::string value;  // of an entry: the rest of the line, quotes and all
  Place place;
};

// Lines that cannot be read, and files, become problems; all others are returned.
std::vector<IniLine> read_ini(const std::string& path, const Files& files, Problems& problems);

}  // namespace weir::config
