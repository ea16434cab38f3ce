// A console client's conversation in both of PostgreSQL's query protocols: bytes of messages to
// commands, and the commands' answers to what the client expects. Pure; owned by its Client.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "session/console_command.h"
#include "wire/message.h"
#include "wire/write.h"

namespace weir::session {

class ConsoleSession {
 public:
  // `simple_only`: as PgBouncer, which refuses the extended protocol.
  ConsoleSession(bool admin, bool simple_only) : admin_(admin), simple_only_(simple_only) {}

  struct Step {
    enum class Kind : std::uint8_t { Go, Run, Leave, Refuse };
    Kind kind = Kind::Go;
    ConsoleCommand command = {};  // of Run: reply() is called with its answer
  };
  // Not while busy. What can be answered at once is appended to `out`.
  Step take(const wire::Message& message, wire::Buffer& out);
  // `answer` is of whole messages, as the simple protocol has them.
  void reply(Bytes answer, wire::Buffer& out);
  // Whether a command is being carried out.
  bool busy() const { return waiting_ != Waiting::Nothing; }
  bool admin() const { return admin_; }

 private:
  // What a busy session waits for.
  enum class Waiting : std::uint8_t { Nothing, Query, Statement, Portal, Execute };

  struct Portal {
    std::string text;
    std::vector<std::uint16_t> formats;  // of the columns: none, one for all, or one each
    bool ran = false;
    wire::Buffer rest;  // of what it answers: rows that no Execute has taken, CommandComplete
  };
  template <typename T>
  using ByName = std::map<std::string, T, std::less<>>;

  Step parse(Bytes body, wire::Buffer& out);
  Step bind(Bytes body, wire::Buffer& out);
  Step describe(Bytes body, wire::Buffer& out);
  Step execute(Bytes body, wire::Buffer& out);
  Step close(Bytes body, wire::Buffer& out);
  Step sync(wire::Buffer& out);
  Step run(Waiting waiting, ConsoleCommand::Stage stage, const std::string& text);
  Step fail(wire::Buffer& out, std::string_view sqlstate, std::string_view text);
  void described(Bytes answer, wire::Buffer& out);
  void executed(Bytes answer, wire::Buffer& out);
  void give_rows(Portal& portal, wire::Buffer& out);

  const bool admin_, simple_only_;
  bool skipping_ = false;  // an extended message has failed: all up to Sync is skipped
  Waiting waiting_ = Waiting::Nothing;
  std::string portal_name_;       // of the Describe or Execute under way
  std::uint32_t rows_wanted_ = 0;  // by the Execute under way; 0: all
  ByName<std::string> statements_;
  ByName<Portal> portals_;
};

}  // namespace weir::session
