// What a client sends, drawn from the seed step by step, and what it must get for it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "postgres.h"
#include "world.h"

namespace weir::sim {

// What clients of a run may do.
struct ScriptRules {
  bool blocks = true;             // transaction blocks
  bool named_statements = true;
  bool settings = true;
  bool cancels = true;
  bool locks = false;             // session advisory locks
  bool roles = false;             // SET ROLE and SET SESSION AUTHORIZATION
  int garbage_percent = 0;        // of the sessions end with messages that are none
  int vanish_percent = 0;         // of the sessions end in the middle of something
  int large_percent = 2;          // of the echoes have large rows
  int pipeline_max = 4;           // units of work sent at once
};

struct Step {
  enum class Kind { Work, Sleep };
  Kind kind = Kind::Work;
  std::string bytes;
  std::string answer;     // what PostgreSQL sends for it
  std::vector<std::string> answers;  // Sleep: the same and what else it may be, if it is canceled
  int sleep_ms = 0;
};

class Script {
 public:
  struct Owner {
    std::string tag;
    wire::Parameters startup;
    wire::Parameters base;  // what connect_query has set, and what a RESET there does away with
    bool replicates = false;
  };
  Script(World& world, const ScriptRules& rules, const Owner& owner);

  Step next();
  // Says with which of its answers a Sleep has ended.
  void slept(std::size_t answer);

  // The session as PostgreSQL has it after everything that was sent.
  Postgres& session() { return session_; }

 private:
  void unit();
  void simple();
  void replication();
  void extended();
  void extended_group();
  void copy();
  void copy_extended();
  void end_extended();
  void sleep_step(Step& step);

  std::string work_text();
  std::string any_text();
  std::string transaction_text();
  std::string setting_text();
  std::string default_text(const std::string& name);
  std::string role_text();
  std::string next_tag();
  std::string echo_text();

  void say(char type, std::string_view body);
  void query(std::string_view text);
  void parse(std::string_view name, std::string_view text);
  void bind(std::string_view portal, std::string_view name);
  void describe(char kind, std::string_view name);
  void execute(std::string_view portal, int rows_most = 0);
  void close(char kind, std::string_view name);

  World& world_;
  Prng& random_;
  const ScriptRules& rules_;
  std::string tag_;
  int number_ = 0;
  bool with_startup_;
  bool with_base_;
  bool unnamed_known_ = false;  // PostgreSQL and the pooler agree on the unnamed statement
  bool open_ = false;  // extended messages without a Sync behind them
  Postgres session_;
  std::vector<Postgres> outcomes_;  // of a Sleep
  Step step_;
};

}  // namespace weir::sim
