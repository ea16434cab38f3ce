#include "runtime/takeover_record.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"

namespace weir::runtime {

namespace {

constexpr std::size_t kHeader = 6;
constexpr std::size_t kRecordMax = std::size_t{1} << 30;

// One list of fields serves both directions: `Writing` appends each, `Reading` fills each.
class Writing {
 public:
  explicit Writing(wire::Buffer& out) : out_(out) {}

  void operator()(const bool& v) { out_.push_back(v ? 1 : 0); }
  void operator()(const std::uint32_t& v) {
    out_.resize(out_.size() + 4);
    store_u32(out_.data() + out_.size() - 4, v);
  }
  void operator()(const std::uint16_t& v) { (*this)(std::uint32_t{v}); }
  void operator()(const std::int32_t& v) { (*this)(static_cast<std::uint32_t>(v)); }
  void operator()(const std::uint64_t& v) {
    (*this)(static_cast<std::uint32_t>(v >> 32));
    (*this)(static_cast<std::uint32_t>(v));
  }
  void operator()(const Instant& v) {
    (*this)(static_cast<std::uint64_t>(v.time_since_epoch().count()));
  }
  void operator()(const std::string& v) {
    (*this)(static_cast<std::uint32_t>(v.size()));
    out_.insert(out_.end(), v.begin(), v.end());
  }
  void operator()(const auth::Key& v) { out_.insert(out_.end(), v.begin(), v.end()); }
  void operator()(const session::NamedStatement& v);
  template <typename A, typename B>
  void operator()(const std::pair<A, B>& v) {
    (*this)(v.first);
    (*this)(v.second);
  }
  template <typename T>
  void operator()(const std::vector<T>& v) {
    (*this)(static_cast<std::uint32_t>(v.size()));
    for (const T& entry : v) (*this)(entry);
  }

 private:
  wire::Buffer& out_;
};

class Reading {
 public:
  explicit Reading(Bytes in) : in_(in) {}

  void operator()(bool& v) { v = in_.u8() != 0; }
  void operator()(std::uint32_t& v) { v = in_.u32(); }
  void operator()(std::uint16_t& v) { v = static_cast<std::uint16_t>(in_.u32()); }
  void operator()(std::int32_t& v) { v = static_cast<std::int32_t>(in_.u32()); }
  void operator()(std::uint64_t& v) {
    v = std::uint64_t{in_.u32()} << 32;
    v |= in_.u32();
  }
  void operator()(Instant& v) {
    std::uint64_t count = 0;
    (*this)(count);
    v = Instant(Duration(static_cast<std::int64_t>(count)));
  }
  void operator()(std::string& v) { v = as_text(in_.bytes(in_.u32())); }
  void operator()(auth::Key& v) { std::ranges::copy(in_.bytes(v.size()), v.begin()); }
  void operator()(session::NamedStatement& v);
  template <typename A, typename B>
  void operator()(std::pair<A, B>& v) {
    (*this)(v.first);
    (*this)(v.second);
  }
  template <typename T>
  void operator()(std::vector<T>& v) {
    // Nothing is believed of a count but what is there.
    for (std::uint32_t n = in_.u32(); n > 0 && in_.ok(); --n) (*this)(v.emplace_back());
  }
  bool done() const { return in_.done(); }

 private:
  Reader in_;
};

template <typename T, typename As>
concept Is = std::same_as<std::remove_const_t<T>, As>;

void fields(auto& each, Is<Hello> auto& r) {
  each(r.version);
  each(r.generation);
}
void fields(auto& each, Is<PassedListener> auto& r) {
  each(r.is_unix);
  each(r.shared);
  each(r.control);
  each(r.file);
}
void fields(auto&, Is<Ready> auto&) {}
void fields(auto&, Is<Goodbye> auto&) {}
void fields(auto& each, Is<StrayCancel> auto& r) {
  each(r.number);
  each(r.key);
  each(r.rest);
}
void fields(auto& each, Is<StrayOver> auto& r) { each(r.number); }
void fields(auto& each, Is<ConsoleState> auto& r) {
  each(r.all_paused);
  each(r.paused);
  each(r.disabled);
}
void fields(auto& each, Is<Share> auto& r) {
  each(r.database);
  each(r.user);
  each(r.change);
}
void fields(Writing& each, const session::PoolKnowledge& r) {
  each(r.database);
  each(r.user);
  each(r.password);
  each(r.secret);
  each(r.welcomes);
  each(r.keys.has_value());
  if (!r.keys) return;
  each(r.keys->client_key);
  each(r.keys->server_key);
}
void fields(Reading& each, session::PoolKnowledge& r) {
  each(r.database);
  each(r.user);
  each(r.password);
  each(r.secret);
  each(r.welcomes);
  bool keys = false;
  each(keys);
  if (!keys) return;
  r.keys.emplace();
  each(r.keys->client_key);
  each(r.keys->server_key);
}
void fields(auto& each, Is<session::NamedStatement> auto& r) {
  each(r.name);
  each(r.definition);
  each(r.scope);
  each(r.told);
}
void Writing::operator()(const session::NamedStatement& v) { fields(*this, v); }
void Reading::operator()(session::NamedStatement& v) { fields(*this, v); }
void fields(auto& each, Is<session::ClientParcel> auto& r) {
  each(r.database);
  each(r.user);
  each(r.protocol32);
  each(r.cancel_key);
  each(r.cancel_rest);
  each(r.peer.address);
  each(r.peer.port);
  each(r.peer.local_address);
  each(r.peer.local_port);
  each(r.connected);
  each(r.startup);
  each(r.settings);
  each(r.statements);
  each(r.unnamed);
  each(r.unsent);
}
void fields(auto& each, Is<session::TravellingServer> auto& r) {
  each(r.database);
  each(r.user);
  each(r.dbname);
  each(r.worker);
  each(r.parcel.settings);
  each(r.parcel.base);
  each(r.parcel.reported);
  each(r.parcel.statements);
  each(r.parcel.pid);
  each(r.parcel.cancel_key);
  each(r.parcel.endpoint.host);
  each(r.parcel.endpoint.port);
  each(r.parcel.connected);
  each(r.parcel.local_address);
  each(r.parcel.local_port);
  each(r.parcel.stale);
  each(r.parcel.unnamed);
}

template <std::size_t... I>
bool read_kind(std::size_t kind, Reading& each, Record& out, std::index_sequence<I...>) {
  return ((kind == I && (fields(each, out.emplace<I>()), true)) || ...);
}

}  // namespace

wire::Buffer encode(const Record& record, bool with_descriptor) {
  wire::Buffer out;
  out.resize(kHeader);
  Writing each(out);
  std::visit([&each](const auto& r) { fields(each, r); }, record);
  store_u32(out.data(), static_cast<std::uint32_t>(out.size() - kHeader));
  out[4] = static_cast<std::uint8_t>(record.index());
  out[5] = with_descriptor ? 1 : 0;
  return out;
}

Result<std::optional<Decoded>> decode(Bytes& in) {
  if (in.size() < kHeader) return std::nullopt;
  const std::size_t size = load_u32(in.data());
  if (size > kRecordMax) return fail("a record is too long");
  if (in.size() - kHeader < size) return std::nullopt;
  Decoded decoded{.record = {}, .with_descriptor = in[5] != 0};
  Reading each(in.subspan(kHeader, size));
  const bool known = read_kind(in[4], each, decoded.record,
                               std::make_index_sequence<std::variant_size_v<Record>>());
  if (!known || !each.done()) return fail("a record that makes no sense");
  in = in.subspan(kHeader + size);
  return decoded;
}

}  // namespace weir::runtime
