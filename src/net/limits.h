// The process's limit on open descriptors.
#pragma once

#include <cstdint>

namespace weir::net {

// UINT64_MAX is no limit.
struct FileLimit {
  std::uint64_t soft = 0;
  std::uint64_t hard = 0;
};

FileLimit file_limit();
// Lifts the soft limit to the hard one, as far as the kernel lets us; returns what then holds.
FileLimit raise_file_limit();

}  // namespace weir::net
