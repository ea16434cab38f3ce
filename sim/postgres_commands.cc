// What each command does to its session.
#include <algorithm>

#include "base/bytes.h"
#include "postgres.h"
#include "wire/message.h"

namespace weir::sim {

namespace be = wire::be;
using Kind = Command::Kind;

bool Postgres::run(const Command& command, bool canceled, Portal* portal, int rows_most) {
  switch (command.kind) {
    case Kind::Empty: return true;
    case Kind::Echo: echo(command, portal, rows_most); return true;
    case Kind::Sleep:
      if (canceled) {
        fail("57014", "canceling statement due to user request");
        return false;
      }
      row("slept " + command.name);
      complete("SELECT 1");
      return true;
    case Kind::Lock:
      locks_ += " " + command.name;
      row("locked " + command.name);
      complete("SELECT 1");
      return true;
    case Kind::Fail: fail("P0001", "raised by " + command.name); return false;
    case Kind::Begin:
    case Kind::Commit:
    case Kind::Rollback:
    case Kind::Savepoint:
    case Kind::RollbackTo:
    case Kind::Release: return run_transaction(command);
    case Kind::Set:
    case Kind::SetLocal:
    case Kind::Reset:
    case Kind::ResetAll:
    case Kind::SetConfig: return run_setting(command);
    case Kind::Inquiry: inquire(command); return true;
    case Kind::AuthQuery:
      wire::Writer(out_, be::kDataRow)
          .u16(2)
          .u32(static_cast<std::uint32_t>(command.name.size()))
          .text(command.name)
          .u32(1)
          .text("x");
      complete("SELECT 1");
      return true;
    case Kind::CopyIn:
      wire::Writer(out_, be::kCopyIn).u8(0).u16(0);
      copying_ = true;
      copy_extended_ = extended_;
      copy_bytes_ = 0;
      return true;
    case Kind::CopyOut:
      wire::Writer(out_, be::kCopyOut).u8(0).u16(0);
      for (int i = 0; i < command.rows; ++i)
        wire::Writer(out_, be::kCopyData).text(command.name).text("\tZZZZZZZZ\n");
      wire::append_empty(out_, be::kCopyDone);
      complete("COPY " + std::to_string(command.rows));
      return true;
    case Kind::Deallocate:
    case Kind::DeallocateAll:
    case Kind::DiscardAll: return run_statement_list(command);
    case Kind::AlterTable: complete("ALTER TABLE"); return true;
    case Kind::IdentifySystem:
    case Kind::StartReplication:
      if (!replicates_) {
        fail("42601", "syntax error in " + command.text);
        return false;
      }
      stream(command);
      return true;
    case Kind::Unknown: fail("42601", "syntax error in " + command.text); return false;
  }
  return true;
}

void Postgres::stream(const Command& command) {
  if (command.kind == Kind::IdentifySystem) {
    row("system 4711 " + settings_.text());
    complete("IDENTIFY_SYSTEM");
    return;
  }
  wire::Writer(out_, be::kCopyBoth).u8(0).u16(0);
  for (int i = 0; i < 5; ++i) wire::Writer(out_, be::kCopyData).text("w of ").text(command.name);
  streaming_ = true;
}

bool Postgres::run_transaction(const Command& command) {
  const auto warn = [this](std::string_view sqlstate, std::string_view message) {
    wire::append_notice(out_, {.severity = "WARNING", .sqlstate = sqlstate, .message = message});
  };
  if (command.kind == Kind::Begin) {
    if (status_ != 'I') warn("25001", "there is already a transaction in progress");
    status_ = status_ == 'I' ? 'T' : status_;
    complete("BEGIN");
    return true;
  }
  if (command.ends_transaction()) {
    const bool commits = command.kind == Kind::Commit && status_ != 'E';
    if (status_ == 'I') warn("25P01", "there is no transaction in progress");
    if (commits) {
      settings_.commit();
    } else {
      settings_.rollback();
    }
    portals_.clear();
    status_ = 'I';
    complete(commits ? "COMMIT" : "ROLLBACK");
    return true;
  }
  if (status_ == 'I') {
    fail("25P01", "SAVEPOINT can only be used in transaction blocks");
    return false;
  }
  if (command.kind == Kind::Savepoint) {
    settings_.savepoint(command.name);
    complete("SAVEPOINT");
    return true;
  }
  const bool back = command.kind == Kind::RollbackTo;
  if (!(back ? settings_.rollback_to(command.name) : settings_.release(command.name))) {
    fail("3B001", "savepoint \"" + command.name + "\" does not exist");
    return false;
  }
  if (back) status_ = 'T';
  complete(back ? "ROLLBACK" : "RELEASE");
  return true;
}

bool Postgres::run_setting(const Command& command) {
  if (command.kind == Kind::ResetAll) {
    settings_.reset_all();
    complete("RESET");
    return true;
  }
  if (command.kind == Kind::SetConfig) {
    std::string shown;
    for (const auto& a : command.assignments) {
      if (!SessionSettings::is_known(a.name)) {
        fail("42704", "unrecognized configuration parameter \"" + a.name + "\"");
        return false;
      }
      if (refused_value(a.name, a.value)) return false;
      settings_.set(a.name, a.value, a.local);
      shown += a.value;
    }
    row(shown);
    complete("SELECT 1");
    return true;
  }
  if (!SessionSettings::is_known(command.name)) {
    fail("42704", "unrecognized configuration parameter \"" + command.name + "\"");
    return false;
  }
  if (refused_value(command.name, command.value)) return false;
  if (command.kind == Kind::Reset) {
    settings_.reset(command.name);
    complete("RESET");
    return true;
  }
  if (command.kind == Kind::SetLocal && status_ == 'I') {
    wire::append_notice(out_, {.severity = "WARNING", .sqlstate = "25P01",
                               .message = "SET LOCAL can only be used in transaction blocks"});
  }
  if (command.to_default) {
    settings_.set_default(command.name, command.kind == Kind::SetLocal);
  } else {
    settings_.set(command.name, command.value, command.kind == Kind::SetLocal);
  }
  complete("SET");
  return true;
}

bool Postgres::refused_value(const std::string& name, const std::string& value) {
  const auto refusal = settings_.refuses(name, value);
  if (refusal) fail(refusal->sqlstate, refusal->text);
  return refusal.has_value();
}

bool Postgres::run_statement_list(const Command& command) {
  if (command.kind == Kind::DeallocateAll) {
    statements_.clear();
    complete("DEALLOCATE ALL");
    return true;
  }
  if (command.kind == Kind::DiscardAll) {
    if (status_ != 'I') {
      fail("25001", "DISCARD ALL cannot run inside a transaction block");
      return false;
    }
    statements_.clear();
    locks_.clear();
    settings_.reset("session_authorization");
    settings_.reset("role");
    settings_.reset_all();
    complete("DISCARD ALL");
    return true;
  }
  if (statements_.erase(command.name) == 0) {
    fail("26000", "prepared statement \"" + command.name + "\" does not exist");
    return false;
  }
  complete("DEALLOCATE");
  return true;
}

void Postgres::inquire(const Command& command) {
  std::size_t rows = 0;
  const auto pair = [this, &rows](std::string_view name, std::string_view value) {
    wire::Writer(out_, be::kDataRow)
        .u16(2)
        .u32(static_cast<std::uint32_t>(name.size()))
        .text(name)
        .u32(static_cast<std::uint32_t>(value.size()))
        .text(value);
    ++rows;
  };
  for (const auto& [name, value] : settings_.session())
    if (name.find('.') == std::string::npos && !is_identity(name)) pair(name, value);
  for (const auto& name : command.custom)
    if (const std::string value = settings_.value(name);
        (name.find('.') != std::string::npos || is_identity(name)) && !value.empty() &&
        !(name == "role" && value == "none"))
      pair(name, value);
  complete("SELECT " + std::to_string(rows));
}

void Postgres::describe_rows(const Command&) {
  wire::Writer(out_, be::kRowDescription)
      .u16(1)
      .cstr("r")
      .u32(0)
      .u16(0)
      .u32(25)
      .u16(0xffff)
      .u32(0xffffffff)
      .u16(0);
}

void Postgres::row(std::string_view text) {
  wire::Writer(out_, be::kDataRow)
      .u16(1)
      .u32(static_cast<std::uint32_t>(text.size()))
      .text(text);
}

// Rows show whose they are and which settings are in force; the rest is what framing fears.
void Postgres::echo(const Command& command, Portal* portal, int rows_most) {
  int at = portal != nullptr ? portal->done : 0;
  const int first = at;
  for (; at < command.rows && (rows_most == 0 || at - first < rows_most); ++at) {
    std::string text = command.name + "#" + std::to_string(at) + " " + settings_.text() + locks_;
    text.append(static_cast<std::size_t>(command.size), 'Z');
    row(text);
  }
  if (portal != nullptr) portal->done = at;
  // PostgreSQL does not know that a portal is at its end before it has looked for one row more.
  if (rows_most != 0 && at - first == rows_most) {
    wire::append_empty(out_, be::kPortalSuspended);
    return;
  }
  complete("SELECT " + std::to_string(at - first));
}

}  // namespace weir::sim
