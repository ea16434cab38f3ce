#include "net/limits.h"

#include <sys/resource.h>

#include "base/check.h"

namespace weir::net {

namespace {

static_assert(RLIM_INFINITY == UINT64_MAX);

rlimit current() {
  rlimit limit{};
  const int rc = ::getrlimit(RLIMIT_NOFILE, &limit);
  ASSERT(rc == 0);
  return limit;
}

}  // namespace

FileLimit file_limit() {
  const rlimit limit = current();
  return {.soft = limit.rlim_cur, .hard = limit.rlim_max};
}

FileLimit raise_file_limit() {
  rlimit limit = current();
  limit.rlim_cur = limit.rlim_max;
  // A refusal leaves the old limit, which is what the caller is then told.
  ::setrlimit(RLIMIT_NOFILE, &limit);
  return file_limit();
}

}  // namespace weir::net
