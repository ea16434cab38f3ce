#include "command.h"

#include <charconv>
#include <initializer_list>

namespace weir::sim {

namespace {

using Kind = Command::Kind;

// A word, a quoted identifier, a literal, a number, or one other character.
struct Token {
  enum class Kind { End, Word, Literal, Other };
  Kind kind = Kind::End;
  std::string text;
};

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.';
}

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

class Tokens {
 public:
  explicit Tokens(std::string_view text) : in_(text) { advance(); }

  const Token& peek() const { return token_; }
  Token take() {
    Token taken = token_;
    advance();
    return taken;
  }
  bool accept(std::string_view word) {
    if (token_.kind != Token::Kind::Word && token_.kind != Token::Kind::Other) return false;
    if (token_.text.size() != word.size()) return false;
    for (std::size_t i = 0; i < word.size(); ++i)
      if (upper(token_.text[i]) != upper(word[i])) return false;
    advance();
    return true;
  }
  bool accept_all(std::initializer_list<std::string_view> words) {
    const Tokens before = *this;
    for (const auto word : words) {
      if (accept(word)) continue;
      *this = before;
      return false;
    }
    return true;
  }
  bool at_end() const { return token_.kind == Token::Kind::End; }
  std::string_view rest() const { return in_; }

 private:
  void advance() {
    while (!in_.empty() && (in_.front() == ' ' || in_.front() == '\n')) in_.remove_prefix(1);
    token_ = {};
    if (in_.empty()) return;
    const char c = in_.front();
    if (c == '\'' || ((c == 'E' || c == 'e') && in_.size() > 1 && in_[1] == '\'')) return literal();
    if (c == '"' || is_word(c)) return word();
    token_ = {Token::Kind::Other, std::string(1, c)};
    in_.remove_prefix(1);
  }
  void literal() {
    token_.kind = Token::Kind::Literal;
    const bool escapes = in_.front() != '\'';
    in_.remove_prefix(escapes ? 2 : 1);
    while (!in_.empty()) {
      if (in_.starts_with("''")) {
        token_.text += '\'';
        in_.remove_prefix(2);
      } else if (in_.front() == '\'') {
        in_.remove_prefix(1);
        return;
      } else if (escapes && in_.starts_with("\\x5C")) {
        token_.text += '\\';
        in_.remove_prefix(4);
      } else {
        token_.text += in_.front();
        in_.remove_prefix(1);
      }
    }
  }
  // A name, perhaps with quoted parts.
  void word() {
    token_.kind = Token::Kind::Word;
    bool quoted = false;
    while (!in_.empty() && (quoted || in_.front() == '"' || is_word(in_.front()))) {
      if (in_.front() == '"') {
        quoted = !quoted;
      } else {
        token_.text += in_.front();
      }
      in_.remove_prefix(1);
    }
  }

  std::string_view in_;
  Token token_;
};

int number(const std::string& text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

bool read_set_config(Tokens& in, Command& out) {
  do {
    if (!in.accept("set_config") && !in.accept("pg_catalog.set_config")) return false;
    if (!in.accept("(")) return false;
    Command::Assignment a;
    a.name = in.take().text;
    if (!in.accept(",")) return false;
    a.value = in.take().text;
    if (!in.accept(",")) return false;
    a.local = in.accept("true");
    if (!a.local && !in.accept("false")) return false;
    if (!in.accept(")")) return false;
    out.assignments.push_back(std::move(a));
  } while (in.accept(","));
  out.kind = Kind::SetConfig;
  return in.at_end();
}

// The names that it asks for one by one: each stands behind UNION ALL SELECT.
bool read_inquiry(Tokens& in, Command& out) {
  out.kind = Kind::Inquiry;
  while (!in.at_end()) {
    if (!in.accept_all({"UNION", "ALL", "SELECT"})) {
      in.take();
      continue;
    }
    out.custom.push_back(in.take().text);
  }
  return true;
}

bool read_select(Tokens& in, Command& out) {
  if (in.accept("echo")) {
    out.kind = Kind::Echo;
    if (!in.accept("(")) return false;
    out.name = in.take().text;
    if (!in.accept(",")) return false;
    out.rows = number(in.take().text);
    if (!in.accept(",")) return false;
    out.size = number(in.take().text);
    return in.accept(")") && in.at_end();
  }
  if (in.accept("pg_sleep")) {
    out.kind = Kind::Sleep;
    if (!in.accept("(")) return false;
    out.rows = number(in.take().text);
    if (!in.accept(",")) return false;
    out.name = in.take().text;
    return in.accept(")") && in.at_end();
  }
  if (in.accept("pg_advisory_lock")) {
    out.kind = Kind::Lock;
    if (!in.accept("(")) return false;
    out.name = in.take().text;
    return in.accept(")") && in.at_end();
  }
  if (in.accept("fail")) {
    out.kind = Kind::Fail;
    if (!in.accept("(")) return false;
    out.name = in.take().text;
    return in.accept(")") && in.at_end();
  }
  if (in.accept_all({"name", ",", "setting", "FROM", "pg_catalog.pg_settings"}))
    return read_inquiry(in, out);
  return read_set_config(in, out);
}

bool read_set(Tokens& in, Command& out) {
  out.kind = in.accept("LOCAL") ? Kind::SetLocal : Kind::Set;
  const bool session = in.accept_all({"SESSION", "AUTHORIZATION"});
  if (session || in.accept("ROLE")) {
    out.name = session ? "session_authorization" : "role";
    out.to_default = in.accept("DEFAULT");
    if (!out.to_default) out.value = in.take().text;
    return in.at_end();
  }
  out.name = in.take().text;
  if (!in.accept("=") && !in.accept("TO")) return false;
  out.to_default = in.accept("DEFAULT");
  if (!out.to_default) out.value = in.take().text;
  return in.at_end();
}

bool read_copy(Tokens& in, Command& out) {
  in.take();  // the table
  if (in.accept_all({"FROM", "STDIN"})) {
    out.kind = Kind::CopyIn;
  } else if (in.accept_all({"TO", "STDOUT"})) {
    out.kind = Kind::CopyOut;
  } else {
    return false;
  }
  if (!in.accept_all({"WITH", "(", "NULL"})) return false;
  out.name = in.take().text;
  if (!in.accept(")")) return false;
  out.rows = 20;
  return in.at_end();
}

bool read(Tokens& in, Command& out) {
  const auto one = [&](Kind kind) {
    out.kind = kind;
    return in.at_end();
  };
  const auto named = [&](Kind kind) {
    out.kind = kind;
    out.name = in.take().text;
    return !out.name.empty() && in.at_end();
  };
  if (in.at_end()) return one(Kind::Empty);
  if (in.accept("SELECT")) return read_select(in, out);
  if (in.accept("BEGIN")) return one(Kind::Begin);
  if (in.accept("COMMIT")) return one(Kind::Commit);
  if (in.accept_all({"ROLLBACK", "TO", "SAVEPOINT"})) return named(Kind::RollbackTo);
  if (in.accept("ROLLBACK")) return one(Kind::Rollback);
  if (in.accept_all({"RELEASE", "SAVEPOINT"})) return named(Kind::Release);
  if (in.accept("SAVEPOINT")) return named(Kind::Savepoint);
  if (in.accept("SET")) return read_set(in, out);
  if (in.accept_all({"RESET", "ALL"})) return one(Kind::ResetAll);
  if (in.accept_all({"RESET", "SESSION", "AUTHORIZATION"})) {
    out.name = "session_authorization";
    return one(Kind::Reset);
  }
  if (in.accept("RESET")) return named(Kind::Reset);
  if (in.accept("COPY")) return read_copy(in, out);
  if (in.accept_all({"DEALLOCATE", "ALL"})) return one(Kind::DeallocateAll);
  if (in.accept("DEALLOCATE")) return named(Kind::Deallocate);
  if (in.accept_all({"DISCARD", "ALL"})) return one(Kind::DiscardAll);
  if (in.accept("IDENTIFY_SYSTEM")) return one(Kind::IdentifySystem);
  if (in.accept("START_REPLICATION")) return named(Kind::StartReplication);
  if (in.accept_all({"ALTER", "TABLE"})) {
    out.kind = Kind::AlterTable;
    return true;
  }
  return false;
}

}  // namespace

Command read_command(std::string_view text) {
  Command out;
  out.text = text;
  if (text == kAuthQuery) {
    out.kind = Kind::AuthQuery;
    return out;
  }
  Tokens in(text);
  if (!read(in, out)) out.kind = Kind::Unknown;
  return out;
}

std::vector<Command> read_commands(std::string_view text) {
  std::vector<Command> out;
  bool quoted = false;
  std::size_t from = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] == '\'') quoted = !quoted;
    if (i < text.size() && (text[i] != ';' || quoted)) continue;
    Command command = read_command(text.substr(from, i - from));
    if (command.kind != Kind::Empty) out.push_back(std::move(command));
    from = i + 1;
  }
  if (out.empty()) out.push_back(read_command(""));
  return out;
}

}  // namespace weir::sim
