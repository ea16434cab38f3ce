// Prepared statements: one interned copy per text for all clients of a worker, each client's names
// for them, and which of them each server connection holds.
// Single-threaded; the StatementTable outlives every StatementRef it gave out.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/list.h"
#include "sql/effects.h"

namespace weir::session {

class StatementTable;

struct Statement {
  std::uint64_t id = 0;     // unique in the process; part of the server-side name
  std::string server_name;  // its name on server connections
  std::string definition;   // a Parse message's body behind the name: text, zero, types
  sql::Effects effects;     // what running it may do to a session
  StatementTable* table = nullptr;
  unsigned references = 0;
  Link<Statement> link;     // in the table's list of those that nobody refers to

  std::string_view text() const { return definition.c_str(); }
};

// A counted reference to a Statement.
class StatementRef {
 public:
  StatementRef() = default;
  explicit StatementRef(Statement& statement);
  StatementRef(const StatementRef& other);
  StatementRef(StatementRef&& other) noexcept
      : statement_(std::exchange(other.statement_, nullptr)) {}
  StatementRef& operator=(StatementRef other) noexcept {
    std::swap(statement_, other.statement_);
    return *this;
  }
  ~StatementRef();

  Statement* operator->() const { return statement_; }
  Statement& operator*() const { return *statement_; }
  explicit operator bool() const { return statement_ != nullptr; }

 private:
  Statement* statement_ = nullptr;
};

class StatementTable {
 public:
  // Ids of different workers differ, so that a server may move between them.
  explicit StatementTable(unsigned worker) : next_id_((std::uint64_t{worker} << 48) + 1) {}
  ~StatementTable();
  StatementTable(const StatementTable&) = delete;
  StatementTable& operator=(const StatementTable&) = delete;

  // `definition` as in Statement. The effects are scanned once, when a text is new.
  StatementRef intern(Bytes definition);
  // The one that has been interned, if it has been.
  const Statement* find(Bytes definition) const;

  std::size_t size() const { return statements_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  friend class StatementRef;
  void retire(Statement& statement);
  void erase(Statement& statement);

  // Statements that nobody refers to are kept for the next client with the same text.
  static constexpr std::size_t kKeepUnused = 2000;
  static constexpr std::size_t kKeepBytes = 8 << 20;

  std::uint64_t next_id_;
  std::size_t bytes_ = 0;
  std::unordered_map<std::string_view, std::unique_ptr<Statement>> statements_;
  List<Statement> unused_;
};

// A client's names for statements, with a log that undoes what the server did not do.
class ClientStatements {
 public:
  const StatementRef* find(std::string_view name) const;
  // The change is provisional until the server has answered for it, in the same order.
  void set(std::string_view name, StatementRef statement);
  void erase(std::string_view name);
  void confirm_oldest();
  // Takes back the newest change but `newer`, which later messages of a pipeline have made.
  void undo(std::size_t newer);
  void undo_oldest() { undo(undo_.size() - 1); }
  bool unconfirmed() const { return !undo_.empty(); }
  // Whether an unconfirmed change, other than the newest `except`, concerns this name.
  bool unconfirmed(std::string_view name, std::size_t except) const;
  void clear();  // DEALLOCATE ALL, DISCARD ALL

  std::size_t size() const { return names_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
  };
  struct Undo {
    std::string name;
    StatementRef before;
  };

  std::unordered_map<std::string, StatementRef, Hash, std::equal_to<>> names_;
  std::list<Undo> undo_;
};

// Which statements a server connection holds, the least recently used first.
class ServerStatements {
 public:
  // True, and most recently used from now on, if the server has it.
  bool use(std::uint64_t id);
  // Whether the server has it, prepared at or after this schema epoch.
  bool fresh(std::uint64_t id, std::uint64_t epoch) const;
  void add(std::uint64_t id, std::uint64_t epoch);
  void remove(std::uint64_t id);
  void clear();
  std::size_t size() const { return where_.size(); }
  std::uint64_t oldest() const { return order_.front(); }
  // From least to most recently used, for a hand-over.
  std::vector<std::uint64_t> list() const { return {order_.begin(), order_.end()}; }

 private:
  struct Place {
    std::list<std::uint64_t>::iterator at;
    std::uint64_t epoch;
  };

  std::list<std::uint64_t> order_;
  std::unordered_map<std::uint64_t, Place> where_;
};

// The server-side name of a statement.
std::string server_statement_name(std::uint64_t id);

}  // namespace weir::session
