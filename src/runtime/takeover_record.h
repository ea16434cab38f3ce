// What two processes tell each other in an online restart, and how it is written. Pure.
// A new kind goes to the end; whatever changes an old one raises kTakeoverVersion.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "session/takeover.h"
#include "wire/write.h"

namespace weir::runtime {

inline constexpr std::uint32_t kTakeoverVersion = 2;

// The first record of either side.
struct Hello {
  std::uint32_t version = kTakeoverVersion;
  std::uint32_t generation = 0;  // of the sender: see session::Engine
};

// A listening socket, with its descriptor. After the last one comes another Hello.
struct PassedListener {
  bool is_unix = false;
  bool shared = false;   // with the service manager
  bool control = false;  // the one that this very conversation came through
  std::string file = {};
};

struct Ready {};  // the successor serves: everything else may come

struct ConsoleState {
  bool all_paused = false;
  std::vector<std::string> paused = {}, disabled = {};
};

// So many server connections more, or fewer, than told before are still the predecessor's.
struct Share {
  std::string database = {}, user = {};
  std::int32_t change = 0;
};

struct Goodbye {};  // the end of the connection that follows is no accident

// A cancel request that the sender knows no client for; it is answered when it is over.
struct StrayCancel {
  std::uint32_t number = 0;  // the sender's
  std::uint64_t key = 0;
  std::string rest = {};  // of a long key
};
struct StrayOver {
  std::uint32_t number = 0;
};

using Record = std::variant<Hello, PassedListener, Ready, ConsoleState, Share,
                            session::PoolKnowledge, session::ClientParcel,
                            session::TravellingServer, Goodbye, StrayCancel, StrayOver>;

// Length, kind, whether a descriptor comes with it, content.
wire::Buffer encode(const Record& record, bool with_descriptor);

struct Decoded {
  Record record;
  bool with_descriptor = false;
};
// The first record of `in`, which is advanced past it; nothing while it is not complete.
Result<std::optional<Decoded>> decode(Bytes& in);

}  // namespace weir::runtime
