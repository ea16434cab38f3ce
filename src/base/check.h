// Assertions that stay on in release builds: our own bug prints its place and aborts.
// DASSERT is for checks that are dear; it is on in builds without NDEBUG or with WEIR_CHECK_DEAR.
#pragma once

namespace weir::base {
[[noreturn]] void check_failed(const char* what, const char* file, int line);
}  // namespace weir::base

#define ASSERT(condition)                                                 \
  do {                                                                    \
    if (!(condition)) [[unlikely]]                                        \
      ::weir::base::check_failed(#condition, __FILE__, __LINE__);         \
  } while (false)

#ifdef WEIR_CHECK_DEAR
#define DASSERT(condition) ASSERT(condition)
#else
#define DASSERT(condition) \
  do {                     \
  } while (false)
#endif
