// Views of bytes, and a cursor that reads big-endian fields with one sticky error.
// A Reader never reads past its span: after the first failure every get returns an empty value.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace weir {

using Bytes = std::span<const std::uint8_t>;

inline std::string_view as_text(Bytes b) {
  return {reinterpret_cast<const char*>(b.data()), b.size()};
}
inline Bytes as_bytes(std::string_view s) {
  return {reinterpret_cast<const std::uint8_t*>(s.data()), s.size()};
}

inline std::uint32_t load_u32(const std::uint8_t* p) {
  return (std::uint32_t{p[0]} << 24) | (std::uint32_t{p[1]} << 16) |
         (std::uint32_t{p[2]} << 8) | p[3];
}
inline std::uint16_t load_u16(const std::uint8_t* p) {
  return static_cast<std::uint16_t>((p[0] << 8) | p[1]);
}
inline void store_u32(std::uint8_t* p, std::uint32_t v) {
  p[0] = static_cast<std::uint8_t>(v >> 24);
  p[1] = static_cast<std::uint8_t>(v >> 16);
  p[2] = static_cast<std::uint8_t>(v >> 8);
  p[3] = static_cast<std::uint8_t>(v);
}

class Reader {
 public:
  explicit Reader(Bytes in) : in_(in) {}

  std::uint8_t u8() {
    if (!need(1)) return 0;
    return in_[at_++];
  }
  std::uint16_t u16() {
    if (!need(2)) return 0;
    at_ += 2;
    return load_u16(in_.data() + at_ - 2);
  }
  std::uint32_t u32() {
    if (!need(4)) return 0;
    at_ += 4;
    return load_u32(in_.data() + at_ - 4);
  }
  // A string up to its terminating zero, which is consumed and not part of the view.
  std::string_view cstr() {
    const void* zero = failed_ ? nullptr : std::memchr(in_.data() + at_, 0, in_.size() - at_);
    if (zero == nullptr) {
      failed_ = true;
      return {};
    }
    const auto end = static_cast<const std::uint8_t*>(zero) - in_.data();
    const auto length = static_cast<std::size_t>(end) - at_;
    const auto text = as_text(in_.subspan(at_, length));
    at_ += length + 1;
    return text;
  }
  Bytes bytes(std::size_t n) {
    if (!need(n)) return {};
    at_ += n;
    return in_.subspan(at_ - n, n);
  }
  Bytes rest() { return bytes(failed_ ? 0 : left()); }

  std::size_t left() const { return in_.size() - at_; }
  std::size_t at() const { return at_; }
  bool ok() const { return !failed_; }
  // True when everything was read and nothing failed.
  bool done() const { return !failed_ && left() == 0; }

 private:
  bool need(std::size_t n) {
    if (failed_ || left() < n) failed_ = true;
    return !failed_;
  }

  Bytes in_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

}  // namespace weir
