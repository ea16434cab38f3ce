#include "sql/resets.h"

#include "sql/identifier.h"
#include "sql/lexer.h"

namespace weir::sql {
namespace {

class Words {
 public:
  explicit Words(std::string_view text) : lexer_(text) { advance(); }

  bool accept(std::string_view lower) {
    if (token_.kind != TokenKind::kWord || !equals_folded(token_.text, lower)) return false;
    advance();
    return true;
  }
  bool accept(char symbol) {
    if (!token_.is(symbol)) return false;
    advance();
    return true;
  }
  bool at_end() const { return token_.kind == TokenKind::kEnd && !lexer_.unterminated(); }
  // A name, perhaps with dots; empty where there is none.
  std::string name() {
    std::string out;
    do {
      if (token_.kind != TokenKind::kWord && token_.kind != TokenKind::kName) return {};
      if (!out.empty()) out += '.';
      out += fold_identifier(token_.text);
      advance();
    } while (accept('.'));
    return out;
  }

 private:
  void advance() { token_ = lexer_.next(); }

  Lexer lexer_;
  Token token_;
};

// The names that are two words in SQL.
std::string setting_name(Words& in) {
  if (in.accept("time")) return in.accept("zone") ? "timezone" : "";
  if (in.accept("session")) return in.accept("authorization") ? "session_authorization" : "";
  return in.name();
}

bool read_set(Words& in, Reset& out) {
  const bool session = in.accept("session");
  out.local = !session && in.accept("local");
  if (in.accept("time")) {
    out.name = "timezone";
    return in.accept("zone") && (in.accept("local") || in.accept("default"));
  }
  if (in.accept("authorization") || (in.accept("session") && in.accept("authorization"))) {
    out.name = "session_authorization";
    return in.accept("default");
  }
  out.name = in.name();
  return (in.accept("to") || in.accept('=')) && in.accept("default");
}

}  // namespace

std::optional<Reset> parse_reset(std::string_view text) {
  Words in(text);
  Reset out;
  while (in.accept(';')) {}
  if (in.accept("reset")) {
    out.all = in.accept("all");
    if (!out.all) out.name = setting_name(in);
  } else if (!in.accept("set") || !read_set(in, out)) {
    return std::nullopt;
  }
  while (in.accept(';')) {}
  if (!in.at_end() || (!out.all && out.name.empty())) return std::nullopt;
  return out;
}

}  // namespace weir::sql
