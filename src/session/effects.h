// What the core wants done: a list that the caller owns, reads once after every event and clears.
// Bytes of a Send point into the event's own input or into the list's arena, so they must be
// written (or copied) before the input changes and before clear().
#pragma once

#include <span>
#include <string>
#include <vector>

#include "auth/question.h"
#include "base/arena.h"
#include "base/bytes.h"
#include "base/id.h"
#include "session/console_command.h"
#include "session/letter.h"

namespace weir::session {

// A connection of the data plane: a client's or a server's.
struct Connection {
  enum class Side : std::uint8_t { Client, Server };

  Side side = Side::Client;
  std::uint32_t index = 0;
  std::uint32_t generation = 0;

  Connection() = default;
  Connection(ClientId id) : side(Side::Client), index(id.index), generation(id.generation) {}
  Connection(ServerId id) : side(Side::Server), index(id.index), generation(id.generation) {}
  ClientId client() const { return {index, generation}; }
  ServerId server() const { return {index, generation}; }
  friend bool operator==(const Connection&, const Connection&) = default;
};

enum class LogLevel : std::uint8_t { Error, Warning, Log, Debug, Noise };

// A line for the log, about a session or (side 0) about none.
struct LogEntry {
  LogLevel level = LogLevel::Log;
  char side = 0;  // C or S
  std::uint64_t id = 0;
  std::string database = {}, user = {}, address = {};
  std::string text = {};
};

struct Effect {
  enum class Kind : std::uint8_t {
    Send,     // write `bytes` to `connection`
    Read,     // a client or server that was not read may be read again
    Connect,  // open the server's connection; answer with server_connected() or server_failed()
    StartTls, // begin TLS; `bytes` are what a client has sent of it; answer with secured()
    Close,    // close after what was sent to it has gone out; its id is stale from now on
    Reset,    // close at once, unsent bytes are dropped
    HandOver, // send the server's connection and letter `number` to worker `worker`
    Post,     // send letter `number` to worker `worker`
    Console,  // a client of the console wants command `number`
    Ask,      // put question `number` to a helper thread, whose answer is a verdict()
    Log,      // write entry `number`
  };

  Kind kind;
  Connection connection;
  Bytes bytes;
  unsigned worker = 0;
  std::size_t number = 0;
};

class Effects {
 public:
  // Sends bytes that live until the caller has performed the effects. Neighbours are joined.
  void forward(Connection to, Bytes bytes) {
    if (bytes.empty()) return;
    if (Effect* last = last_send(to)) {
      if (last->bytes.data() + last->bytes.size() == bytes.data()) {
        last->bytes = {last->bytes.data(), last->bytes.size() + bytes.size()};
        return;
      }
      if (bytes.size() <= kCopyBelow &&
          arena_.adjoins(last->bytes.data() + last->bytes.size(), bytes.size())) {
        arena_.copy(bytes);
        last->bytes = {last->bytes.data(), last->bytes.size() + bytes.size()};
        return;
      }
    }
    list_.push_back({.kind = Effect::Kind::Send, .connection = to, .bytes = bytes});
  }

  // Sends a copy of bytes.
  void send(Connection to, Bytes bytes) {
    if (!bytes.empty()) forward(to, arena_.copy(bytes));
  }

  void read(Connection c) { add(Effect::Kind::Read, c); }
  void connect(ServerId server) { add(Effect::Kind::Connect, server); }
  void start_tls(Connection c, Bytes received = {}) {
    list_.push_back({.kind = Effect::Kind::StartTls, .connection = c, .bytes = received});
  }
  void close(Connection c) { add(Effect::Kind::Close, c); }
  void reset(Connection c) { add(Effect::Kind::Reset, c); }
  void hand_over(ServerId server, unsigned worker, Letter letter) {
    list_.push_back({.kind = Effect::Kind::HandOver, .connection = server, .bytes = {},
                     .worker = worker, .number = letters_.size()});
    letters_.push_back(std::move(letter));
  }
  void post(unsigned worker, Letter letter) {
    list_.push_back({.kind = Effect::Kind::Post, .connection = {}, .bytes = {},
                     .worker = worker, .number = letters_.size()});
    letters_.push_back(std::move(letter));
  }
  void console(ClientId client, ConsoleCommand command) {
    list_.push_back({.kind = Effect::Kind::Console, .connection = client, .bytes = {},
                     .number = commands_.size()});
    commands_.push_back(std::move(command));
  }
  void ask(auth::Question question) {
    list_.push_back({.kind = Effect::Kind::Ask, .connection = {}, .bytes = {},
                     .number = questions_.size()});
    questions_.push_back(std::move(question));
  }
  void log(LogEntry entry) {
    list_.push_back({.kind = Effect::Kind::Log, .connection = {}, .bytes = {},
                     .number = logs_.size()});
    logs_.push_back(std::move(entry));
  }

  // Whether the last thing that is wanted is to tell it something.
  bool ends_with_send(Connection to) { return last_send(to) != nullptr; }
  Arena& arena() { return arena_; }
  Letter& letter(std::size_t number) { return letters_[number]; }
  ConsoleCommand& command(std::size_t number) { return commands_[number]; }
  auth::Question& question(std::size_t number) { return questions_[number]; }
  const LogEntry& log_entry(std::size_t number) const { return logs_[number]; }
  std::span<const Effect> list() const { return list_; }
  bool empty() const { return list_.empty(); }
  void clear() {
    list_.clear();
    letters_.clear();
    commands_.clear();
    logs_.clear();
    questions_.clear();
    arena_.reset();
  }

 private:
  static constexpr std::size_t kCopyBelow = 256;

  void add(Effect::Kind kind, Connection c) {
    list_.push_back({.kind = kind, .connection = c, .bytes = {}});
  }
  Effect* last_send(Connection to) {
    if (list_.empty()) return nullptr;
    Effect& last = list_.back();
    return last.kind == Effect::Kind::Send && last.connection == to ? &last : nullptr;
  }

  std::vector<Effect> list_;
  std::vector<Letter> letters_;
  std::vector<ConsoleCommand> commands_;
  std::vector<LogEntry> logs_;
  std::vector<auth::Question> questions_;
  Arena arena_;
};

}  // namespace weir::session
