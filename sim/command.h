// The little SQL that clients and pooler speak in a run, read from its text.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::sim {

// The auth_query of a run: every user is there.
inline constexpr std::string_view kAuthQuery = "SELECT user_and_secret($1)";

struct Command {
  enum class Kind {
    Empty,
    Echo,       // SELECT echo('tag', rows, size)
    Sleep,      // SELECT pg_sleep(milliseconds, 'tag')
    Fail,       // SELECT fail('tag')
    Lock,       // SELECT pg_advisory_lock('tag'): state that only this session has
    Begin, Commit, Rollback, Savepoint, RollbackTo, Release,
    Set, SetLocal, Reset, ResetAll,
    SetConfig,  // SELECT [pg_catalog.]set_config(...), ...
    Inquiry,    // the pooler's question for the session's settings
    AuthQuery,  // kAuthQuery
    CopyIn, CopyOut,
    Deallocate, DeallocateAll, DiscardAll,
    AlterTable,
    IdentifySystem, StartReplication,  // of a connection that replicates
    Unknown,    // a syntax error
  };
  struct Assignment {
    std::string name, value;
    bool local = false;
  };

  Kind kind = Kind::Unknown;
  std::string text;
  std::string name;   // a tag, savepoint, setting or statement
  std::string value;
  bool to_default = false;  // Set, SetLocal: no value
  int rows = 0;
  int size = 0;
  std::vector<Assignment> assignments;  // SetConfig
  std::vector<std::string> custom;      // Inquiry: names beyond pg_settings

  bool ends_transaction() const { return kind == Kind::Commit || kind == Kind::Rollback; }
  bool works_in_failed_transaction() const {
    return ends_transaction() || kind == Kind::RollbackTo;
  }
  bool returns_rows() const {
    return kind == Kind::Echo || kind == Kind::Sleep || kind == Kind::Fail ||
           kind == Kind::SetConfig || kind == Kind::Inquiry || kind == Kind::Lock ||
           kind == Kind::IdentifySystem;
  }
};

// The commands of a simple Query; one Empty where there is none.
std::vector<Command> read_commands(std::string_view text);
// Of a Parse, which holds one command.
Command read_command(std::string_view text);

}  // namespace weir::sim
