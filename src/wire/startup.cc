#include "wire/startup.h"

#include <algorithm>

#include "wire/message.h"

namespace weir::wire {

namespace {

constexpr std::string_view kBadOptions =
    "unsupported options startup parameter: only '-c config=val' and '--config=val' are allowed";

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// The next word of `options`; a backslash takes the next character as it is.
std::string next_word(std::string_view& options) {
  while (!options.empty() && is_space(options.front())) options.remove_prefix(1);
  std::string word;
  while (!options.empty() && !is_space(options.front())) {
    if (options.front() == '\\' && options.size() > 1) options.remove_prefix(1);
    word.push_back(options.front());
    options.remove_prefix(1);
  }
  return word;
}

bool starts_packet(std::uint32_t code) { return (code >> 16) == 3; }

Result<Startup> parse_cancel(Reader& in, Startup out) {
  out.kind = Startup::Kind::Cancel;
  out.cancel_pid = in.u32();
  out.cancel_key = as_text(in.rest());
  if (!in.ok() || out.cancel_key.size() < 4 || out.cancel_key.size() > 256)
    return fail("bad cancel request");
  return out;
}

Result<void> take_options(Startup& out, std::string_view value) {
  Parameters inside;
  if (auto parsed = parse_options(value, inside); !parsed) return parsed;
  for (const auto& [name, setting] : inside) {
    set_parameter(out.settings, name, setting);
    out.option_names.push_back(name);
  }
  return {};
}

Result<void> take_parameter(Startup& out, std::string_view name, std::string_view value) {
  if (name == "user") {
    out.user = value;
  } else if (name == "database") {
    out.database = value;
  } else if (name == "replication") {
    out.replication = value;
  } else if (name == "options") {
    return take_options(out, value);
  } else if (name.starts_with("_pq_.")) {
    out.extensions.emplace_back(name);
  } else {
    set_parameter(out.settings, name, value);
  }
  return {};
}

}  // namespace

std::size_t startup_size(Bytes in) {
  if (in.size() < 4) return 4;
  const std::uint32_t length = load_u32(in.data());
  return length < 8 || length > kStartupLimit ? 0 : length;
}

void set_parameter(Parameters& parameters, std::string_view name, std::string_view value) {
  const auto it = std::ranges::find_if(
      parameters, [name](const auto& entry) { return same_name(entry.first, name); });
  if (it != parameters.end()) {
    it->second = value;
  } else {
    parameters.emplace_back(name, value);
  }
}

Result<void> parse_options(std::string_view options, Parameters& out) {
  while (true) {
    std::string word = next_word(options);
    if (word.empty()) return {};
    if (word == "-c") {
      word = next_word(options);
    } else if (word.starts_with("-c")) {
      word.erase(0, 2);
    } else if (word.starts_with("--")) {
      word.erase(0, 2);
    } else {
      return fail(std::string(kBadOptions));
    }
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0) return fail(std::string(kBadOptions));
    std::string name = word.substr(0, equals);
    std::ranges::replace(name, '-', '_');  // as PostgreSQL's ParseLongOption does
    set_parameter(out, name, std::string_view(word).substr(equals + 1));
  }
}

Result<Startup> parse_startup(Bytes packet) {
  Reader in(packet.subspan(4));
  Startup out;
  out.protocol = in.u32();
  if (out.protocol == kCancelCode) return parse_cancel(in, std::move(out));
  if (out.protocol == kSslCode || out.protocol == kGssCode) {
    out.kind = out.protocol == kSslCode ? Startup::Kind::Ssl : Startup::Kind::Gss;
    if (!in.done()) return fail("bad packet header");
    return out;
  }
  if ((out.protocol >> 16) == 2) return fail("old V2 protocol not supported");
  if (!starts_packet(out.protocol)) return fail("bad packet header");
  while (in.ok()) {
    const std::string_view name = in.cstr();
    if (in.ok() && name.empty()) break;
    const std::string_view value = in.cstr();
    if (!in.ok()) break;
    if (auto taken = take_parameter(out, name, value); !taken) return fail(taken.error().text);
  }
  if (!in.done())
    return fail("invalid startup packet layout: expected terminator as last byte");
  if (out.user.empty()) return fail("no username supplied");
  if (out.database.empty()) out.database = out.user;
  return out;
}

void append_negotiate(Buffer& out, std::uint32_t newest, const std::vector<std::string>& unknown) {
  Writer w(out, be::kNegotiate);
  w.u32(newest).u32(static_cast<std::uint32_t>(unknown.size()));
  for (const auto& name : unknown) w.cstr(name);
}

void append_startup(Buffer& out, std::uint32_t protocol, const Parameters& parameters) {
  Writer w(out);
  w.u32(protocol);
  for (const auto& [name, value] : parameters) w.cstr(name).cstr(value);
  w.u8(0);
}

}  // namespace weir::wire
