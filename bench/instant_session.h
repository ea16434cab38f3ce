// One client's session at the instant server: takes protocol bytes and appends the answers. No I/O.
// A result or copy of any size is not built but described by `stream`, which the owner sends block
// by block; until it has, the session takes no further message.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/bytes.h"
#include "blocks.h"
#include "instant_plan.h"
#include "wire/write.h"

namespace weir::bench {

struct Stream {
  const wire::Buffer* block = nullptr;
  std::size_t at = 0;      // in the block
  std::uint64_t left = 0;  // bytes to send, over all repetitions of the block
  wire::Buffer tail;       // what follows the rows
};

// Things kept by name, the unnamed one without a look-up.
template <typename Thing>
class ByName {
 public:
  Thing* find(std::string_view name) {
    if (name.empty()) return has_unnamed_ ? &unnamed_ : nullptr;
    const auto found = named_.find(name);
    return found == named_.end() ? nullptr : &found->second;
  }
  void put(std::string_view name, Thing thing) {
    if (name.empty()) {
      unnamed_ = std::move(thing);
      has_unnamed_ = true;
    } else {
      named_.insert_or_assign(std::string(name), std::move(thing));
    }
  }
  void remove(std::string_view name) {
    if (name.empty()) has_unnamed_ = false;
    if (const auto found = named_.find(name); found != named_.end()) named_.erase(found);
  }

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  Thing unnamed_{};
  bool has_unnamed_ = false;
  std::unordered_map<std::string, Thing, Hash, std::equal_to<>> named_;
};

class InstantSession {
 public:
  explicit InstantSession(Blocks& blocks) : blocks_(blocks) {}

  void receive(Bytes in, wire::Buffer& out);
  // To be called when the stream has been sent: its tail, and the answers to what was held back.
  void stream_sent(wire::Buffer& out);

  const Stream* streaming() const { return stream_.left > 0 ? &stream_ : nullptr; }
  Stream& stream() { return stream_; }
  bool over() const { return over_; }

 private:
  struct Portal {
    Plan plan;
    bool binary = false;
  };

  std::size_t consume(Bytes in, wire::Buffer& out);
  void consume_held(wire::Buffer& out);
  void handle(std::uint8_t type, Bytes body, wire::Buffer& out);
  void handle_extended(std::uint8_t type, Reader& body, wire::Buffer& out);
  void start(Bytes body, wire::Buffer& out);
  void query(std::string_view text, wire::Buffer& out);
  void parse(Reader& body, wire::Buffer& out);
  void bind(Reader& body, wire::Buffer& out);
  void describe(Reader& body, wire::Buffer& out);
  void execute(Reader& body, wire::Buffer& out);
  void close(Reader& body, wire::Buffer& out);
  void run(const Plan& plan, bool binary, bool simple, wire::Buffer& out);
  void copy_message(std::uint8_t type, wire::Buffer& out);
  void apply(const Plan& plan);
  void begin_stream(const Plan& plan, bool simple, wire::Buffer& out);
  void ready(wire::Buffer& out);
  void fail(std::string_view sqlstate, std::string_view text, wire::Buffer& out);

  Blocks& blocks_;
  Stream stream_;
  wire::Buffer held_;       // bytes of a message that is not complete, or that a stream holds back
  wire::Buffer reports_;    // parameter statuses to send before the next ReadyForQuery
  std::uint64_t skip_ = 0;  // bytes of copy data still to be swallowed
  char status_ = 'I';
  bool started_ = false;
  bool over_ = false;
  bool failed_ = false;   // an error in a batch: everything up to Sync is ignored
  bool copying_ = false;  // rows come in
  bool copy_is_simple_ = false;
  ByName<Plan> statements_;
  ByName<Portal> portals_;
};

}  // namespace weir::bench
