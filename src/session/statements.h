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
#include "session/shape.h"
#include "sql/effects.h"

namespace weir::session {

class StatementTable;

struct Statement {
  std::uint64_t id = 0;     // unique in the process; part of the server-side name
  std::string server_name;  // its name on server connections
  std::string key;          // the definition and behind it the scope
  std::size_t scope_size = 0;
  sql::Effects effects;     // what running it may do to a session
  StatementTable* table = nullptr;
  unsigned references = 0;
  Link<Statement> link;     // in the table's list of those that nobody refers to

  // A Parse message's body behind the name: text, zero, types.
  Bytes definition() const { return as_bytes(key).first(key.size() - scope_size); }
  std::string_view text() const { return key.c_str(); }
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
  // Ids of different origins (below 1 << 16) differ, so that a server may move between them.
  explicit StatementTable(unsigned origin) : next_id_((std::uint64_t{origin} << 48) + 1) {}
  ~StatementTable();
  StatementTable(const StatementTable&) = delete;
  StatementTable& operator=(const StatementTable&) = delete;

  // `definition` as in Statement. The scope is what names in the text depend on, the search_path:
  // with another one it is another statement. Effects are scanned once, when a text is new.
  StatementRef intern(Bytes definition, std::string_view scope = {});
  // The one that has been interned, if it has been.
  const Statement* find(Bytes definition, std::string_view scope = {}) const;

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
  const StatementRef* find(std::uint64_t id) const;
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

  // What the client has been told of a statement's result, since it has prepared it.
  Shape told(std::uint64_t id) const;
  void tell(std::uint64_t id, Shape shape) { told_[id] = shape; }

  std::size_t size() const { return names_.size(); }

  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
  };
  using Names = std::unordered_map<std::string, StatementRef, Hash, std::equal_to<>>;
  const Names& names() const { return names_; }

 private:
  struct Undo {
    std::string name;
    StatementRef before;
  };

  Names names_;
  std::list<Undo> undo_;
  std::unordered_map<std::uint64_t, Shape> told_;
};

// Which statements a server connection holds, the least recently used first.
class ServerStatements {
 public:
  // True, and most recently used from now on, if the server has it.
  bool use(std::uint64_t id);
  // Whether the server has it, prepared at or after this schema epoch.
  bool fresh(std::uint64_t id, std::uint64_t epoch) const;
  void add(std::uint64_t id, std::uint64_t epoch);
  // What its result looks like there; unknown before somebody has asked.
  Shape shape(std::uint64_t id) const;
  void set_shape(std::uint64_t id, Shape shape);
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
    Shape shape = kUnknownShape;
  };

  std::list<std::uint64_t> order_;
  std::unordered_map<std::uint64_t, Place> where_;
};

// The server-side name of a statement.
std::string server_statement_name(std::uint64_t id);

}  // namespace weir::session
