#include "transcript.h"

#include <algorithm>

#include "base/bytes.h"
#include "wire/message.h"
#include "wire/write.h"

namespace weir::sim {

namespace {

std::string printable(std::string_view bytes) {
  std::string out;
  for (const char c : bytes.substr(0, 160)) out += c >= ' ' && c <= '~' ? c : '.';
  return out + (bytes.size() > 160 ? "..." : "") + " (" + std::to_string(bytes.size()) + ")";
}

std::size_t message_size(std::string_view bytes) {
  if (bytes.size() < wire::kHeaderSize) return 0;
  const std::size_t size = load_u32(as_bytes(bytes).data() + 1) + 1;
  return size <= bytes.size() ? size : 0;
}

}  // namespace

void Transcript::expect_either(std::string first, std::string second) {
  owed_ = std::move(first);
  second_ = std::move(second);
  chosen_.reset();
}

std::string Transcript::receive(std::string_view bytes) {
  in_ += bytes;
  std::size_t at = 0;
  std::string wrong;
  while (wrong.empty()) {
    const std::size_t size = message_size(std::string_view(in_).substr(at));
    if (size == 0) break;
    wrong = judge(std::string_view(in_).substr(at, size));
    at += size;
  }
  in_.erase(0, at);
  return wrong;
}

// The first message that only one of two answers has decides which it is.
bool Transcript::choose(std::string_view message) {
  if (second_.empty()) return false;
  const bool first = owed_.starts_with(message);
  const bool second = second_.starts_with(message);
  if (first && second) {
    second_.erase(0, message.size());
  } else if (first || second) {
    chosen_ = first ? 0 : 1;
    if (second) owed_ = second_;
    second_.clear();
  }
  return first || second;
}

std::string Transcript::judge(std::string_view message) {
  if (!farewell_.empty()) return "bytes after a FATAL error: " + printable(message);
  if (choose(message) || owed_.starts_with(message)) {
    owed_.erase(0, message.size());
    return {};
  }
  if (message.front() == static_cast<char>(wire::be::kErrorResponse)) {
    const Bytes body = as_bytes(message.substr(wire::kHeaderSize));
    if (wire::report_field(body, 'V') == "FATAL") {
      farewell_ = wire::report_field(body, 'C');
      return {};
    }
  }
  return "got " + printable(message) + " instead of " +
         printable(std::string_view(owed_).substr(0, std::max<std::size_t>(1, message_size(owed_))));
}

std::string Transcript::end() const {
  if (owed_.starts_with(in_) || second_.starts_with(in_)) return {};
  return "the connection ended in " + printable(in_) + " instead of " + printable(owed_);
}

std::string Transcript::shown() const {
  return "owed " + printable(owed_) + ", has " + printable(in_);
}

}  // namespace weir::sim
