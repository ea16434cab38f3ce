#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace weir::base {

void check_failed(const char* what, const char* file, int line) {
  std::fprintf(stderr, "weir: assertion failed: %s at %s:%d\n", what, file, line);
  std::fflush(stderr);
  std::abort();
}

}  // namespace weir::base
