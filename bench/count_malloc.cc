// Preloaded into a process, counts its allocations in the file that COUNT_MALLOC_FILE names: eight
// bytes in the machine's order, shared memory, so that anybody may read them at any moment.
// Built on glibc's own entry points, since looking up the next malloc would allocate.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>

extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* old, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
}

namespace {

using Count = std::atomic<std::uint64_t>;

Count before_the_file;
Count* count = &before_the_file;

void add_one() { count->fetch_add(1, std::memory_order_relaxed); }

[[gnu::constructor]] void map_file() {
  const char* path = std::getenv("COUNT_MALLOC_FILE");
  if (path == nullptr) return;
  const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0 || ftruncate(fd, sizeof(Count)) != 0) std::abort();
  void* memory = mmap(nullptr, sizeof(Count), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) std::abort();
  close(fd);
  count = static_cast<Count*>(memory);
}

}  // namespace

extern "C" {

void* malloc(std::size_t size) {
  add_one();
  return __libc_malloc(size);
}

void* calloc(std::size_t number, std::size_t size) {
  add_one();
  return __libc_calloc(number, size);
}

void* realloc(void* old, std::size_t size) {
  add_one();
  return __libc_realloc(old, size);
}

void* memalign(std::size_t alignment, std::size_t size) {
  add_one();
  return __libc_memalign(alignment, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) { return memalign(alignment, size); }

int posix_memalign(void** out, std::size_t alignment, std::size_t size) {
  void* memory = memalign(alignment, size);
  if (memory == nullptr) return ENOMEM;
  *out = memory;
  return 0;
}
}
