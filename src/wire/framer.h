// Cuts a stream of bytes into messages, however the stream was cut on its way.
// Holds bytes only while a message's wanted part is incomplete; what is behind it streams through.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "wire/message.h"

namespace weir::wire {

// One piece of the stream. `bytes` is valid until the next call of next().
struct Piece {
  enum class Kind : std::uint8_t {
    None,  // nothing more in the input
    Head,  // the beginning of a message: its header and at least what was wanted of it
    Body,  // more of the message whose Head came before
    Bad,   // a length that no message can have
  };

  Kind kind = Kind::None;
  std::uint8_t type = 0;
  bool last = false;  // the message ends with this piece
  bool held = false;  // bytes lie in the framer's own memory, not in the input
  std::uint32_t total = 0;  // size of the whole message with its type byte
  Bytes bytes;

  bool whole() const { return kind == Kind::Head && last; }
  Message message() const { return {type, bytes.subspan(kHeaderSize), bytes}; }
};

// Policy: `static std::size_t want(uint8_t type, std::size_t total)` says how many bytes of a
// message must be there before it is handed out: kHeaderSize at least, `total` at most.
template <typename Policy>
class Framer {
 public:
  // The next piece of `in`, which is advanced past it.
  Piece next(Bytes& in) {
    if (left_ > 0) return body(in);
    if (!held_.empty() || in.size() < kHeaderSize) return assemble(in);
    const std::uint32_t total = total_of(in.data());
    if (total < kHeaderSize) return {.kind = Piece::Kind::Bad, .type = in[0], .bytes = in};
    if (in.size() >= total) {
      const Bytes whole = in.first(total);
      in = in.subspan(total);
      return {.kind = Piece::Kind::Head, .type = whole[0], .last = true, .total = total,
              .bytes = whole};
    }
    if (in.size() < Policy::want(in[0], total)) return assemble(in);
    const Bytes head = in;
    in = {};
    left_ = total - head.size();
    return {.kind = Piece::Kind::Head, .type = head[0], .total = total, .bytes = head};
  }

  // The whole messages of one type at the front of `in`, which is advanced past them; empty where
  // there are none. For long runs that all go the same way, such as rows.
  Bytes run(Bytes& in, std::uint8_t type) {
    if (left_ > 0 || (!held_.empty() && !given_)) return {};
    std::size_t size = 0;
    while (in.size() - size >= kHeaderSize && in[size] == type) {
      const std::size_t total = total_of(in.data() + size);
      if (total < kHeaderSize || in.size() - size < total) break;
      size += total;
    }
    const Bytes messages = in.first(size);
    in = in.subspan(size);
    return messages;
  }

  // Takes back the Head that the last next() gave: the next call gives it again. `before` is what
  // `in` was before that call.
  void unget(const Piece& head, Bytes before, Bytes& in) {
    ASSERT(head.kind == Piece::Kind::Head);
    left_ = 0;
    if (head.held) {
      given_ = false;
    } else {
      in = before;
    }
  }

  // True between messages: nothing held, nothing still to stream.
  bool at_boundary() const { return left_ == 0 && (held_.empty() || given_); }
  // Bytes of the current message that have not come yet.
  std::size_t streaming() const { return left_; }
  std::size_t held() const { return given_ ? 0 : held_.size(); }

  void reset() {
    left_ = 0;
    given_ = false;
    held_ = {};
  }

 private:
  static std::uint32_t total_of(const std::uint8_t* header) {
    const std::uint32_t length = load_u32(header + 1);
    return length >= 4 && length <= 0x7ffffffe ? length + 1 : 0;
  }

  Piece body(Bytes& in) {
    release_given();
    if (in.empty()) return {};
    const Bytes part = in.first(std::min<std::size_t>(left_, in.size()));
    in = in.subspan(part.size());
    left_ -= part.size();
    return {.kind = Piece::Kind::Body, .last = left_ == 0, .bytes = part};
  }

  Piece assemble(Bytes& in) {
    release_given();
    if (held_.empty() && in.empty()) return {};
    if (held_.empty() && in.size() >= kHeaderSize) return next_or_hold(in);
    if (!fill(in, kHeaderSize)) return {};
    const std::uint32_t total = total_of(held_.data());
    if (total < kHeaderSize)
      return {.kind = Piece::Kind::Bad, .type = held_[0], .held = true, .bytes = held_};
    if (!fill(in, std::min<std::size_t>(total, Policy::want(held_[0], total)))) return {};
    given_ = true;
    left_ = total - held_.size();
    return {.kind = Piece::Kind::Head, .type = held_[0], .last = left_ == 0, .held = true,
            .total = total, .bytes = held_};
  }

  // After a given message was released the input may hold a whole message again.
  Piece next_or_hold(Bytes& in) {
    const std::uint32_t total = total_of(in.data());
    if (total >= kHeaderSize && in.size() < total && in.size() < Policy::want(in[0], total)) {
      held_.assign(in.begin(), in.end());
      in = {};
      return {};
    }
    return next(in);
  }

  // Moves bytes from `in` until `n` are held.
  bool fill(Bytes& in, std::size_t n) {
    if (held_.size() < n) {
      const std::size_t take = std::min(n - held_.size(), in.size());
      held_.insert(held_.end(), in.begin(), in.begin() + static_cast<std::ptrdiff_t>(take));
      in = in.subspan(take);
    }
    return held_.size() >= n;
  }

  void release_given() {
    if (!given_) return;
    given_ = false;
    if (held_.capacity() > kKeep) {
      held_ = std::vector<std::uint8_t>();
    } else {
      held_.clear();
    }
  }

  static constexpr std::size_t kKeep = 256;

  std::vector<std::uint8_t> held_;
  std::size_t left_ = 0;
  bool given_ = false;
};

}  // namespace weir::wire
