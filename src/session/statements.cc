#include "session/statements.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "sql/scan.h"

namespace weir::session {

std::string server_statement_name(std::uint64_t id) { return fmt::format("WEIR_{:x}", id); }

StatementRef::StatementRef(Statement& statement) : statement_(&statement) {
  ++statement.references;
}

StatementRef::StatementRef(const StatementRef& other) : statement_(other.statement_) {
  if (statement_ != nullptr) ++statement_->references;
}

StatementRef::~StatementRef() {
  if (statement_ != nullptr && --statement_->references == 0)
    statement_->table->retire(*statement_);
}

StatementTable::~StatementTable() {
  while (Statement* statement = unused_.front()) unused_.remove(*statement);
}

StatementRef StatementTable::intern(Bytes definition, std::string_view scope) {
  std::string key(as_text(definition));
  key += scope;
  const auto found = statements_.find(key);
  if (found != statements_.end()) {
    Statement& known = *found->second;
    if (unused_.contains(known)) unused_.remove(known);
    return StatementRef(known);
  }
  auto statement = std::make_unique<Statement>();
  statement->id = next_id_++;
  statement->server_name = server_statement_name(statement->id);
  statement->key = std::move(key);
  statement->scope_size = scope.size();
  statement->effects = sql::scan(statement->text());
  statement->table = this;
  bytes_ += statement->key.size();
  Statement& added = *statement;
  statements_.emplace(added.key, std::move(statement));
  return StatementRef(added);
}

const Statement* StatementTable::find(Bytes definition, std::string_view scope) const {
  std::string key(as_text(definition));
  key += scope;
  const auto found = statements_.find(key);
  return found == statements_.end() ? nullptr : found->second.get();
}

void StatementTable::retire(Statement& statement) {
  unused_.push_back(statement);
  while (unused_.size() > kKeepUnused || (bytes_ > kKeepBytes && !unused_.empty()))
    erase(*unused_.front());
}

void StatementTable::erase(Statement& statement) {
  unused_.remove(statement);
  bytes_ -= statement.key.size();
  statements_.erase(statement.key);
}

const StatementRef* ClientStatements::find(std::string_view name) const {
  const auto it = names_.find(name);
  return it == names_.end() ? nullptr : &it->second;
}

const StatementRef* ClientStatements::find(std::uint64_t id) const {
  const auto it = std::ranges::find_if(
      names_, [id](const auto& entry) { return entry.second && entry.second->id == id; });
  return it == names_.end() ? nullptr : &it->second;
}

Shape ClientStatements::told(std::uint64_t id) const {
  if (told_.empty()) return kUnknownShape;
  const auto it = told_.find(id);
  return it == told_.end() ? kUnknownShape : it->second;
}

void ClientStatements::set(std::string_view name, StatementRef statement) {
  told_.erase(statement->id);
  auto& slot = names_[std::string(name)];
  undo_.push_back({std::string(name), std::move(slot)});
  slot = std::move(statement);
}

void ClientStatements::erase(std::string_view name) {
  const auto it = names_.find(name);
  undo_.push_back({std::string(name), it == names_.end() ? StatementRef() : it->second});
  if (it == names_.end()) return;
  told_.erase(it->second->id);
  names_.erase(it);
}

void ClientStatements::confirm_oldest() {
  ASSERT(!undo_.empty());
  undo_.pop_front();
}

void ClientStatements::undo(std::size_t newer) {
  ASSERT(newer < undo_.size());
  const auto at = std::prev(undo_.end(), static_cast<std::ptrdiff_t>(newer) + 1);
  Undo undone = std::move(*at);
  const auto later = std::find_if(undo_.erase(at), undo_.end(),
                                  [&](const Undo& undo) { return undo.name == undone.name; });
  if (later != undo_.end()) {
    later->before = std::move(undone.before);
  } else if (undone.before) {
    names_[undone.name] = std::move(undone.before);
  } else {
    names_.erase(undone.name);
  }
}

bool ClientStatements::unconfirmed(std::string_view name, std::size_t except) const {
  std::size_t left = undo_.size() - std::min(except, undo_.size());
  for (auto it = undo_.begin(); left > 0; ++it, --left)
    if (it->name == name) return true;
  return false;
}

// Names that a later message of the same pipeline has set already stay.
void ClientStatements::clear() {
  decltype(names_) kept;
  for (Undo& undo : undo_) {
    undo.before = StatementRef();
    if (const StatementRef* later = find(undo.name)) kept[undo.name] = *later;
  }
  names_ = std::move(kept);
  told_.clear();
}

bool ServerStatements::use(std::uint64_t id) {
  const auto it = where_.find(id);
  if (it == where_.end()) return false;
  if (order_.back() != id) order_.splice(order_.end(), order_, it->second.at);
  return true;
}

bool ServerStatements::fresh(std::uint64_t id, std::uint64_t epoch) const {
  const auto it = where_.find(id);
  return it != where_.end() && it->second.epoch >= epoch;
}

void ServerStatements::add(std::uint64_t id, std::uint64_t epoch) {
  ASSERT(!where_.contains(id));
  where_.emplace(id, Place{order_.insert(order_.end(), id), epoch});
}

Shape ServerStatements::shape(std::uint64_t id) const {
  const auto it = where_.find(id);
  return it == where_.end() ? kUnknownShape : it->second.shape;
}

void ServerStatements::set_shape(std::uint64_t id, Shape shape) {
  const auto it = where_.find(id);
  if (it != where_.end()) it->second.shape = shape;
}

void ServerStatements::remove(std::uint64_t id) {
  const auto it = where_.find(id);
  if (it == where_.end()) return;
  order_.erase(it->second.at);
  where_.erase(it);
}

void ServerStatements::clear() {
  order_.clear();
  where_.clear();
}

}  // namespace weir::session
