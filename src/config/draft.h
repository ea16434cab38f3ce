// A configuration while it is being read: not yet checked, with the place of each setting.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "config/config.h"
#include "config/ini.h"
#include "config/options.h"
#include "config/problem.h"

namespace weir::config {

struct Draft {
  Config config;
  Problems problems;
  std::map<std::string, Place, std::less<>> places;  // "pgbouncer/max_client_conn", "databases/x"
  std::string path;
  bool auth_file_read = false;

  void problem(Severity severity, const Place& at, std::string text) {
    problems.push_back({severity, at.file, at.line, std::move(text)});
  }

  static std::string key(Section section, std::string_view name) {
    return fmt::format("{}/{}", section_name(section), name);
  }
  bool is_set(Section section, std::string_view name) const {
    return places.contains(key(section, name));
  }
  // Where it was written, else the file as a whole.
  Place place(Section section, std::string_view name) const {
    const auto at = places.find(key(section, name));
    return at == places.end() ? Place{path, 0} : at->second;
  }
};

}  // namespace weir::config
