#include "blocks.h"

#include <string>

#include "wire/message.h"

namespace weir::bench {
namespace {

constexpr std::size_t kBlockSize = 256 * 1024;

}  // namespace

const wire::Buffer& Blocks::of(std::uint8_t message_type, std::uint32_t row_size) {
  auto& block = blocks_[std::uint64_t{message_type} << 32 | row_size];
  if (block != nullptr) return *block;
  block = std::make_unique<wire::Buffer>();
  const bool copy = message_type == wire::be::kCopyData;
  std::string payload(row_size, 'x');
  if (copy && row_size > 0) payload.back() = '\n';
  do {
    wire::Writer row(*block, message_type);
    if (!copy) row.u16(1).u32(row_size);
    row.text(payload);
  } while (block->size() < kBlockSize);
  return *block;
}

std::uint32_t message_size(std::uint8_t message_type, std::uint32_t row_size) {
  constexpr std::uint32_t kHeader = wire::kHeaderSize;
  return row_size + (message_type == wire::be::kCopyData ? kHeader : kHeader + 6);
}

}  // namespace weir::bench
