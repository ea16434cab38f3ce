// The first packet of a connection: a start, a cancel, or a question about encryption.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/write.h"

namespace weir::wire {

using Parameters = std::vector<std::pair<std::string, std::string>>;

struct Startup {
  enum class Kind { Start, Cancel, Ssl, Gss };

  Kind kind = Kind::Start;
  std::uint32_t protocol = 0;
  std::string user;
  std::string database;     // the user's name where the packet gives none
  std::string replication;  // the raw value, empty where there is none
  Parameters settings;      // everything else, `options` unpacked, last value of a name wins
  std::vector<std::string> option_names;  // of them, those that stood in `options`
  std::vector<std::string> extensions;  // names that begin with _pq_.
  std::uint32_t cancel_pid = 0;
  std::string cancel_key;
};

// Bytes of the first packet that must be there before it can be judged: its length word's value,
// 4 while that is unknown, 0 where the length is impossible.
std::size_t startup_size(Bytes in);

// `packet` holds exactly startup_size() bytes. Error texts are PgBouncer's (section 3.11).
Result<Startup> parse_startup(Bytes packet);

// Unpacks `-c name=value` and `--name=value`, with backslash escapes.
Result<void> parse_options(std::string_view options, Parameters& out);

// Sets a name to a value; names compare without case, as PostgreSQL's do.
void set_parameter(Parameters& parameters, std::string_view name, std::string_view value);

// NegotiateProtocolVersion: the newest version offered and the extensions that are not known.
void append_negotiate(Buffer& out, std::uint32_t newest, const std::vector<std::string>& unknown);

// The packet that starts a connection to a server.
void append_startup(Buffer& out, std::uint32_t protocol, const Parameters& parameters);

}  // namespace weir::wire
