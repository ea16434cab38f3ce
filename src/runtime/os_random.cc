#include "runtime/os_random.h"

#include <sys/random.h>

#include "base/check.h"

namespace weir::runtime {

void OsRandom::fill(std::span<std::uint8_t> out) {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t n = getrandom(out.data() + done, out.size() - done, 0);
    ASSERT(n > 0);  // blocks only before the kernel's pool is ready, and never fails
    done += static_cast<std::size_t>(n);
  }
}

}  // namespace weir::runtime
