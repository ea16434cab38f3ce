// A text is walked once, with one token of look-ahead. Each statement's first word decides what the
// statement is; behind it only calls of a few functions, INTO, and a few clauses matter.
// Where a literal may end in two places (see Dialect) the text is walked in every dialect, and what
// any of them finds counts, unless PostgreSQL would refuse the text in that dialect.
#include "sql/examiner.h"

#include "base/check.h"
#include "sql/identifier.h"
#include "sql/lexer.h"
#include "sql/name_list.h"
#include "sql/words.h"

namespace weir::sql {
namespace {

// Calls of set_config inside each other's arguments; deeper ones have every effect.
constexpr int kMaxDepth = 32;

struct Item {
  Token token;
  const WordEntry* entry = nullptr;

  bool is(char symbol) const { return token.is(symbol); }
  bool is(Word word) const { return entry != nullptr && entry->word == word; }
};

// A function's argument: its first token, and how many there are.
struct Argument {
  Item first;
  std::size_t tokens = 0;
  bool cast = false;
  bool more = false;  // another argument follows

  // A lone token, or one with a cast to a type of one word.
  bool is_single() const { return tokens == 1 || (tokens == 4 && cast); }
};

class Examiner {
 public:
  Examiner(std::string_view text, Dialect dialect, NameList& names, bool is_body = false)
      : lexer_(text, dialect), dialect_(dialect), names_(names), is_body_(is_body) {
    advance();
  }

  Effects run();
  const Lexer& lexer() const { return lexer_; }

 private:
  struct Statement {
    bool creates = false;
    bool declares = false;
    bool updates = false;
    bool temporary = false;
    bool dropped_at_commit = false;
  };

  void advance();
  Item take();
  bool at_stop() const { return next_.is(';') || next_.token.kind == TokenKind::kEnd; }

  void statement();
  void begin(const Item& item);
  void begin_known(const Item& item);
  void explain_options();
  void create();
  void prepare();
  void discard();
  void do_block();
  void set();
  void setting(const Item& first);
  void keep_name();
  void middle(const Item& item);
  void middle_word(const Item& item);
  void into();
  void call(const Item& item);
  void set_config();
  Argument argument();
  void doubt();

  Lexer lexer_;
  Dialect dialect_;
  NameList& names_;
  bool is_body_;  // the body of a DO block: any word may begin a statement
  Item next_;
  // The last three tokens taken.
  Word current_ = Word::kOther;
  Word previous_ = Word::kOther;
  Word before_previous_ = Word::kOther;
  Statement statement_;
  Effects effects_;
  int depth_ = 0;
  bool stopped_ = false;
};

bool is_name_literal(const Token& token) {
  return token.kind == TokenKind::kText || token.kind == TokenKind::kEscapeText ||
         token.kind == TokenKind::kDollarText;
}

bool is_true(const Argument& argument) {
  if (!argument.is_single()) return false;
  if (argument.first.is(Word::kTrue)) return true;
  const Token& token = argument.first.token;
  return token.is_literal() &&
         (equals_folded(token.text, "true") || equals_folded(token.text, "t"));
}

// The schema of the session's own temporary objects.
bool is_temporary_schema(const Token& token) {
  if (token.kind != TokenKind::kWord && token.kind != TokenKind::kName) return false;
  return equals_folded(token.text.substr(0, 7), "pg_temp");
}

void Examiner::advance() {
  if (stopped_) {
    next_ = {};
    return;
  }
  next_.token = lexer_.next();
  next_.entry = nullptr;
  if (next_.token.kind == TokenKind::kWord) {
    next_.entry = find_word(next_.token.text);
  } else if (next_.token.kind == TokenKind::kName) {
    // A quoted word is a function or a view, never a keyword.
    const WordEntry* entry = find_word(next_.token.text);
    if (entry != nullptr && entry->name == next_.token.text &&
        (entry->called || entry->word == Word::kPgSettings)) {
      next_.entry = entry;
    }
  }
}

Item Examiner::take() {
  ASSERT(next_.token.kind != TokenKind::kEnd);
  const Item item = next_;
  before_previous_ = previous_;
  previous_ = current_;
  current_ = item.entry != nullptr ? item.entry->word : Word::kOther;
  advance();
  return item;
}

Effects Examiner::run() {
  while (next_.token.kind != TokenKind::kEnd) statement();
  return effects_;
}

void Examiner::statement() {
  statement_ = {};
  while (next_.is('(')) take();
  while (next_.is(Word::kExplain)) {
    take();
    explain_options();
  }
  if (!at_stop()) begin(take());
  while (!at_stop()) middle(take());
  if (statement_.temporary && !statement_.dropped_at_commit) effects_.session_object = true;
  if (next_.is(';')) take();
}

void Examiner::explain_options() {
  while (next_.is(Word::kAnalyze) || next_.is(Word::kVerbose)) take();
  if (!next_.is('(')) return;
  int parentheses = 0;
  do {
    const Item item = take();
    if (item.is('(')) ++parentheses;
    if (item.is(')')) --parentheses;
    middle(item);
  } while (parentheses > 0 && !at_stop());
}

void Examiner::begin(const Item& item) {
  if (is_body_ || item.token.kind != TokenKind::kWord) {
    middle(item);
  } else if (item.entry != nullptr && item.entry->starts) {
    begin_known(item);
  } else {
    effects_.settings = true;  // a statement of a PostgreSQL to come, or a mistake
    middle(item);
  }
}

void Examiner::begin_known(const Item& item) {
  effects_ |= item.entry->effects;
  if (item.is(Word::kCreate)) return create();
  if (item.is(Word::kPrepare)) return prepare();
  if (item.is(Word::kDiscard)) return discard();
  if (item.is(Word::kDo)) return do_block();
  if (item.is(Word::kSet)) return set();
  if (item.is(Word::kReset) && !at_stop()) return setting(take());
  if (item.is(Word::kDeclare)) statement_.declares = true;
  if (item.is(Word::kUpdate)) statement_.updates = true;
}

void Examiner::create() {
  statement_.creates = true;
  while (next_.is(Word::kOr) || next_.is(Word::kReplace) || next_.is(Word::kLocal)) take();
  if (next_.is(Word::kTemporary)) statement_.temporary = true;
}

void Examiner::prepare() {
  if (next_.is(Word::kTransaction)) {
    take();
    if (next_.token.is_literal()) return;  // two-phase commit
  }
  effects_.prepares = true;
}

void Examiner::discard() {
  if (next_.is(Word::kAll)) effects_.settings = true;
  if (next_.is(Word::kAll) || next_.is(Word::kPlans)) effects_.deallocates = true;
}

void Examiner::do_block() {
  if (is_body_) return doubt();
  bool readable = true;
  Token body;
  while (!at_stop()) {
    const Item item = take();
    if (item.token.kind == TokenKind::kDollarText)
      body = item.token;
    else if (item.token.is_literal())
      readable = false;
    if (item.is(Word::kLanguage)) readable = readable && next_.is(Word::kPlpgsql);
  }
  if (!readable) return doubt();
  Examiner inside(body.text, dialect_, names_, true);
  effects_ |= inside.run();
}

void Examiner::set() {
  const auto is_named = [&] { return next_.is('.') || next_.is('=') || next_.is(Word::kTo); };
  if (at_stop()) return;
  Item first = take();
  if (!is_named()) {
    // Gone with the transaction.
    if (first.is(Word::kLocal) || first.is(Word::kTransaction)) return;
    if (first.is(Word::kConstraints)) return;
    if (first.is(Word::kSession) && !at_stop()) first = take();
  }
  effects_.settings = true;
  setting(first);
}

void Examiner::setting(const Item& first) {
  Item part = first;
  bool unicode = part.token.kind == TokenKind::kUnicodeName;
  names_.begin();
  names_.add(clip_identifier(part.token.text));
  while (next_.is('.')) {
    take();
    if (at_stop()) break;
    part = take();
    unicode = unicode || part.token.kind == TokenKind::kUnicodeName;
    names_.add(".");
    names_.add(clip_identifier(part.token.text));
  }
  if (unicode)
    effects_.unknown_name = true;
  else if (names_.text().find('.') != std::string_view::npos)
    keep_name();
}

void Examiner::keep_name() {
  effects_.custom_names = true;
  if (!names_.keep()) effects_.unknown_name = true;
}

void Examiner::middle(const Item& item) {
  if (item.entry != nullptr) middle_word(item);
  const bool is_escaped_name =
      item.token.kind == TokenKind::kUnicodeName &&
      (next_.is(Word::kUescape) || item.token.text.find('\\') != std::string_view::npos);
  if (is_escaped_name) {  // any name, set_config too
    effects_.settings = true;
    effects_.unknown_name = true;
    effects_.session_object = true;
  }
  if (statement_.creates && next_.is('.') && is_temporary_schema(item.token)) {
    statement_.temporary = true;
  }
}

void Examiner::middle_word(const Item& item) {
  if (item.entry->called && next_.is('(')) return call(item);
  if (is_body_ && item.entry->starts) {
    if (item.is(Word::kExecute)) effects_.unknown_name = effects_.schema = true;
    return begin_known(item);
  }
  if (item.is(Word::kInto)) return into();
  if (item.is(Word::kUpdate)) statement_.updates = true;
  // A rule of the view calls set_config.
  if (item.is(Word::kPgSettings) && statement_.updates) effects_.settings = true;
  if (item.is(Word::kExecute) && statement_.creates && previous_ == Word::kAs) {
    effects_ |= item.entry->effects;
  }
  if (item.is(Word::kHold) && statement_.declares && previous_ == Word::kWith) {
    effects_.session_object = true;
  }
  if (item.is(Word::kDrop) && previous_ == Word::kCommit && before_previous_ == Word::kOn) {
    statement_.dropped_at_commit = true;
  }
}

// SELECT ... INTO makes a table.
void Examiner::into() {
  if (previous_ == Word::kInsert || previous_ == Word::kMerge || previous_ == Word::kAs) return;
  effects_.schema = true;
  const bool is_temporary = next_.is(Word::kTemporary) || next_.is(Word::kLocal);
  if (is_temporary || is_temporary_schema(next_.token)) statement_.temporary = true;
}

void Examiner::call(const Item& item) {
  effects_ |= item.entry->effects;
  if (item.is(Word::kSetConfig)) set_config();
}

void Examiner::set_config() {
  if (depth_ == kMaxDepth) return doubt();
  ++depth_;
  take();
  const Argument name = argument();
  const Argument value = name.more ? argument() : Argument{};
  const Argument is_local = value.more ? argument() : Argument{};
  --depth_;
  if (is_true(is_local)) return;

  effects_.settings = true;
  const Token& literal = name.first.token;
  if (!name.is_single() || !is_name_literal(literal)) {
    effects_.unknown_name = true;
    return;
  }
  names_.begin();
  names_.add(literal.text);
  if (literal.text.find('.') != std::string_view::npos)
    keep_name();
  else if (literal.text.find('\\') != std::string_view::npos)
    effects_.unknown_name = true;
}

// Up to and with the comma or parenthesis behind the argument.
Argument Examiner::argument() {
  Argument argument;
  int brackets = 0;
  while (!at_stop()) {
    const Item item = take();
    if (item.is('(') || item.is('[')) ++brackets;
    if (item.is(')') || item.is(']')) --brackets;
    if (brackets < 0) break;
    if (brackets == 0 && item.is(',')) {
      argument.more = true;
      break;
    }
    ++argument.tokens;
    if (argument.tokens == 1) argument.first = item;
    if (argument.tokens == 2) argument.cast = item.is(':');
    middle(item);
  }
  return argument;
}

// Stops reading: the rest, or what the text computes, may do anything.
void Examiner::doubt() {
  effects_ |= {.settings = true,
               .custom_names = true,
               .unknown_name = true,
               .schema = true,
               .deallocates = true,
               .prepares = true,
               .session_object = true,
               .opaque = true};
  stopped_ = true;
  next_ = {};
}

}  // namespace

Effects examine(std::string_view text, std::vector<std::string>* names) {
  NameList list(names);
  Examiner usual(text, Dialect{}, list);
  const Effects effects = usual.run();
  if (!usual.lexer().ambiguous()) return effects;

  Effects all = usual.lexer().unterminated() ? Effects{} : effects;
  bool accepted = !usual.lexer().unterminated();
  for (const Dialect dialect : {Dialect{true, false}, Dialect{false, true}, Dialect{true, true}}) {
    Examiner other(text, dialect, list);
    const Effects found = other.run();
    if (other.lexer().unterminated()) continue;
    all |= found;
    accepted = true;
  }
  return accepted ? all : effects;
}

}  // namespace weir::sql
