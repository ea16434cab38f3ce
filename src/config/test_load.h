// How the tests of this folder load a text: as the file c.ini, beside a user list u.txt.
#pragma once

#include <string>
#include <string_view>

#include "config/load.h"
#include "config/memory_files.h"

namespace weir::config {

inline MemoryFiles test_files(std::string text) {
  MemoryFiles files;
  files.texts["c.ini"] = std::move(text);
  files.texts["u.txt"] = "\"bob\" \"secret\"\n";
  return files;
}

inline Loaded load_text(std::string text) { return load("c.ini", test_files(std::move(text))); }

// The text below a minimal [pgbouncer], whose two lines come first.
inline Loaded load_main(std::string_view rest) {
  return load_text("[pgbouncer]\nauth_file = u.txt\n" + std::string(rest));
}

// All problems, a line each.
inline std::string told(const Loaded& loaded) {
  std::string all;
  for (const Problem& problem : loaded.problems) all += to_string(problem) + "\n";
  return all;
}

}  // namespace weir::config
