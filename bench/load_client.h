// One client of the load generator as the protocol sees it: logs in, prepares, asks, and knows when
// the answer is complete. No I/O: bytes in, bytes out. All clients share a Script and a Login.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "auth/scram_message.h"
#include "auth/secret.h"
#include "base/bytes.h"
#include "base/result.h"
#include "wire/write.h"

namespace weir::bench {

enum class Mode { kSimple, kExtended, kPrepared };

// What every transaction sends.
class Script {
 public:
  struct Options {
    std::string statement = "SELECT 1";
    Mode mode = Mode::kSimple;
    int depth = 1;                 // statements in front of one Sync, or simple queries in one send
    std::uint32_t random_max = 0;  // not 0: $1 of the statement is a number from 1 to this
  };

  explicit Script(Options options);

  bool needs_preparing() const { return options_.mode == Mode::kPrepared; }
  void append_preparation(wire::Buffer& out) const;
  void append_transaction(wire::Buffer& out);
  bool is_simple() const { return options_.mode == Mode::kSimple; }
  // How many ReadyForQuery end a transaction.
  int syncs() const { return is_simple() ? options_.depth : 1; }
  int depth() const { return options_.depth; }

 private:
  void append_statement(wire::Buffer& out);
  void append_bind(wire::Buffer& out);
  std::string next_random();

  Options options_;
  std::string before_, after_;  // the statement's text around its $1
  bool has_parameter_;
  wire::Buffer fixed_;  // a whole transaction, when nothing in it changes
  std::uint64_t random_ = 0x9E3779B97F4A7C15;
};

// Who logs in. Remembers the keys that a password gives, so that a login costs the client next to
// nothing and what is measured is the other side's work.
class Login {
 public:
  Login(std::string user, std::string database, std::string password);
  void append_startup(wire::Buffer& out) const;
  const std::string& password() const { return password_; }
  const auth::ScramKeys& keys(std::string_view salt, std::uint32_t iterations);
  auth::ScramNonce nonce();

 private:
  std::string user_, database_, password_;
  std::map<std::pair<std::string, std::uint32_t>, auth::ScramKeys, std::less<>> keys_;
  std::uint64_t nonces_ = 0;
};

class LoadClient {
 public:
  enum class Phase { kLogin, kPreparing, kIdle, kBusy, kCopying };

  LoadClient(Script& script, Login& login) : script_(script), login_(login) {}

  void start(wire::Buffer& out);
  void ask(wire::Buffer& out);  // only when idle
  // An error here is the end of the connection: a failed login, or bytes that make no sense.
  Result<void> receive(Bytes in, wire::Buffer& out);
  // The server waits for rows; whoever has sent them calls this for what comes after them.
  void copied(wire::Buffer& out);

  Phase phase() const { return phase_; }
  std::uint64_t errors() const { return errors_; }
  const std::string& first_error() const { return first_error_; }

 private:
  Result<void> handle(std::uint8_t type, Bytes body, wire::Buffer& out);
  Result<void> authenticate(Bytes body, wire::Buffer& out);
  Result<void> prove(std::string_view server_first, wire::Buffer& out);
  void ready(wire::Buffer& out);

  Script& script_;
  Login& login_;
  Phase phase_ = Phase::kLogin;
  int syncs_left_ = 0;
  std::uint64_t skip_ = 0;  // bytes of a row that nobody looks at
  wire::Buffer held_;       // a message that is not complete
  auth::ScramNonce nonce_{};
  std::uint64_t errors_ = 0;
  std::string first_error_;
};

}  // namespace weir::bench
