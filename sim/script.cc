#include "script.h"

#include <array>

#include "base/bytes.h"
#include "wire/write.h"

namespace weir::sim {

namespace {

constexpr std::array<std::string_view, 5> kSettings = {
    "work_mem", "search_path", "application_name", "lock_timeout", "app.user_id"};
constexpr std::array<std::string_view, 5> kValues = {"'1'", "'it''s'", "'a b'", "'x'", "'ZZZZ'"};
constexpr std::array<std::string_view, 4> kNames = {"s1", "s2", "s3", "S_1"};
constexpr std::array<std::string_view, 3> kPortals = {"", "p1", "p2"};

// What a session has when it begins.
wire::Parameters overlaid(const wire::Parameters& base, const wire::Parameters& startup) {
  wire::Parameters out = base;
  for (const auto& [name, value] : startup) wire::set_parameter(out, name, value);
  return out;
}

}  // namespace

Script::Script(World& world, const ScriptRules& rules, const Owner& owner)
    : world_(world), random_(world.random), rules_(rules), tag_(owner.tag),
      with_startup_(!owner.startup.empty()), with_base_(!owner.base.empty()),
      session_(overlaid(owner.base, owner.startup), owner.replicates) {}

Step Script::next() {
  step_ = {};
  if (rules_.cancels && !open_ && random_.percent(4)) {
    sleep_step(step_);
    return step_;
  }
  const int units = random_.percent(60) ? 1 : random_.between(1, rules_.pipeline_max);
  for (int i = 0; i < units; ++i) unit();
  return step_;
}

void Script::slept(std::size_t answer) {
  session_ = outcomes_[answer];
  unnamed_known_ &= answer == 0;
}

void Script::unit() {
  if (open_) return extended();
  if (session_.replicates()) return replication();
  if (random_.percent(3))
    for (int i = random_.between(1, 300); i > 0; --i) say('S', "");
  switch (random_.between(0, 9)) {
    case 0: return copy();
    case 1:
    case 2:
    case 3:
    case 4: return simple();
    default: return extended();
  }
}

std::string Script::next_tag() { return "'" + tag_ + ".s" + std::to_string(++number_) + "'"; }

std::string Script::echo_text() {
  const bool large = random_.percent(rules_.large_percent);
  const int rows = random_.between(0, large ? 3 : 4);
  const int size = large ? random_.between(1000, 60000) : random_.between(0, 40);
  return "SELECT echo(" + next_tag() + ", " + std::to_string(rows) + ", " + std::to_string(size) +
         ")";
}

std::string Script::setting_text() {
  const std::string name(random_.pick(kSettings));
  const std::string value(random_.pick(kValues));
  switch (random_.between(0, 7)) {
    case 0: return default_text(name);
    case 1: return "SET LOCAL " + name + " = " + value;
    case 2: return "SELECT set_config('" + name + "', " + value + ", false)";
    case 3: return "SELECT set_config('" + name + "', " + value + ", true)";
    case 4:
      if (!with_base_ && random_.percent(30)) return "RESET ALL";
      [[fallthrough]];
    default: return "SET " + name + " = " + value;
  }
}

std::string Script::role_text() {
  constexpr std::array<std::string_view, 12> kTexts = {
      "SET ROLE weak", "SET ROLE weak", "SET LOCAL ROLE weak", "SET ROLE none", "RESET ROLE",
      "SET ROLE nobody", "SET SESSION AUTHORIZATION weak", "SET SESSION AUTHORIZATION DEFAULT",
      "RESET SESSION AUTHORIZATION", "SET log_statement = 'all'", "SET LOCAL log_statement = 'ddl'",
      "RESET log_statement"};
  return std::string(random_.pick(kTexts));
}

std::string Script::default_text(const std::string& name) {
  if (with_base_) return "SET " + name + " TO 'x'";
  switch (random_.between(0, 2)) {
    case 0: return "SET " + name + " TO DEFAULT";
    case 1: return "SET LOCAL " + name + " = DEFAULT";
    default: return "RESET " + name;
  }
}

std::string Script::transaction_text() {
  if (session_.status() == 'I') return "BEGIN";
  switch (random_.between(0, 9)) {
    case 0: return "SAVEPOINT a";
    case 1: return "ROLLBACK TO SAVEPOINT a";
    case 2: return "RELEASE SAVEPOINT a";
    case 3:
    case 4:
    case 5: return "ROLLBACK";
    default: return "COMMIT";
  }
}

std::string Script::work_text() {
  const int dice = random_.between(0, 99);
  if (dice < 5) return "SELECT fail(" + next_tag() + ")";
  if (dice < 20 && rules_.settings) return setting_text();
  if (dice < 26 && rules_.roles) return role_text();
  if (dice < 21 && rules_.locks) return "SELECT pg_advisory_lock(" + next_tag() + ")";
  if (dice < 22) return "ALTER TABLE t ADD COLUMN x int";
  if (dice < 23) return "COMMIT";
  if (dice < 24) return "";
  return echo_text();
}

std::string Script::any_text() {
  const bool block = session_.status() != 'I';
  if (rules_.blocks && random_.percent(block ? 30 : 15)) return transaction_text();
  return work_text();
}

void Script::simple() {
  const int dice = random_.between(0, 99);
  if (dice < 3 && rules_.named_statements)
    return query("DEALLOCATE " + std::string(random_.percent(30) ? "ALL" : "s1"));
  if (dice < 4 && rules_.named_statements && !with_startup_ && !with_base_)
    return query("DISCARD ALL");
  if (dice < 7) return say('F', std::string_view("\0\0\0\1\0\0\0\0\0\0", 10));
  // In a text of many statements a RESET goes to the server's default.
  if (dice < 17 && !(with_startup_ && rules_.settings))
    return query(work_text() + ";" + work_text() + (random_.percent(30) ? ";" + any_text() : ";"));
  query(any_text());
}

void Script::replication() {
  const std::string tag = next_tag();
  if (random_.percent(30)) return query("IDENTIFY_SYSTEM");
  if (random_.percent(30)) return query(echo_text());
  if (random_.percent(10)) return query("SELECT fail(" + tag + ")");
  query("START_REPLICATION \"" + tag + "\"");
  for (int i = random_.between(0, 3); i > 0; --i) say('d', "r status of " + tag);
  say('c', "");
}

void Script::extended() {
  const int groups = random_.percent(70) ? 1 : random_.between(1, 5);
  for (int i = 0; i < groups; ++i) {
    if (random_.percent(4)) {
      copy_extended();
    } else {
      extended_group();
    }
  }
  end_extended();
}

void Script::end_extended() {
  if (random_.percent(8)) {
    say('H', "");
    open_ = true;
    return;
  }
  say('S', "");
  open_ = false;
}

void Script::extended_group() {
  const bool named = rules_.named_statements && random_.percent(50);
  const std::string name(named ? random_.pick(kNames) : "");
  const std::string portal(random_.percent(80) ? "" : random_.pick(kPortals));
  open_ = true;
  // A pooler that has to prepare a statement again cannot do it in a failed transaction.
  const bool failed = session_.status() == 'E';
  const bool taken = failed && !name.empty() && session_.has_statement(name);
  const int dice = random_.between(0, 99);
  if (dice < 3) return bind(portal, name.empty() ? "nobody" : name);
  if (dice < 5) return execute("nothing");
  if (dice < 7 && !taken) return parse(name, "SELEC " + next_tag());
  if (dice < 12) return close(random_.percent(70) ? 'S' : 'P', name.empty() ? portal : name);
  if (dice < 14 && !failed && (!name.empty() || unnamed_known_)) return describe('S', name);
  if (name.empty() ? !unnamed_known_ || random_.percent(80) : !taken && random_.percent(40))
    parse(name, any_text());
  if (!failed && random_.percent(30)) describe('S', name);
  if (random_.percent(5)) return;
  bind(portal, name);
  if (random_.percent(50)) describe('P', portal);
  if (random_.percent(20)) say('H', "");
  if (random_.percent(20)) execute(portal, 1);
  execute(portal);
  if (random_.percent(10)) close('P', portal);
}

void Script::copy() {
  const std::string tag = next_tag();
  if (random_.percent(40)) return query("COPY t TO STDOUT WITH (NULL " + tag + ")");
  if (random_.percent(30)) {
    open_ = true;
    copy_extended();
    say('S', "");
    open_ = false;
    return;
  }
  query("COPY t FROM STDIN WITH (NULL " + tag + ")");
  for (int i = random_.between(0, 4); i > 0; --i) say('d', "row of " + tag);
  if (random_.percent(80)) {
    say('c', "");
  } else {
    say('f', std::string_view("enough\0", 7));
  }
}

void Script::copy_extended() {
  open_ = true;
  parse("", "COPY t FROM STDIN WITH (NULL " + next_tag() + ")");
  bind("", "");
  execute("");
  if (random_.percent(40)) say('S', "");  // as libpq does; the COPY reads it away
  for (int i = random_.between(0, 4); i > 0; --i) say('d', std::string(random_.below(200), 'Z'));
  if (random_.percent(80)) {
    say('c', "");
  } else {
    say('f', std::string_view("enough\0", 7));
  }
  unnamed_known_ = false;  // once is enough for a COPY
}

void Script::sleep_step(Step& step) {
  step.kind = Step::Kind::Sleep;
  step.sleep_ms = random_.between(1, 60);
  const std::string text =
      "SELECT pg_sleep(" + std::to_string(step.sleep_ms) + ", " + next_tag() + ")";
  wire::Buffer out;
  wire::append_query(out, text);
  step.bytes = as_text(out);
  const Request request{'Q', text + '\0'};
  outcomes_.assign(3, session_);
  step.answers = {outcomes_[0].handle(request), outcomes_[1].handle(request, true)};
  // A pooler may find the cancel before it has sent the query to any server.
  wire::Buffer early;
  wire::append_error(early, {.sqlstate = "57014",
                             .message = "canceling statement due to user request"});
  wire::append_ready(early, 'I');
  if (session_.status() == 'I') step.answers.emplace_back(as_text(early));
}

void Script::say(char type, std::string_view body) {
  // After an error in front of it a change of the unnamed statement is lost in PostgreSQL only.
  const bool changes = type == 'Q' || (type == 'P' && body.front() == 0) ||
                       (type == 'C' && body == std::string_view("S\0", 2));
  if (changes) unnamed_known_ = !session_.skipping();
  wire::Buffer out;
  wire::Writer(out, static_cast<std::uint8_t>(type)).text(body).finish();
  step_.bytes += as_text(out);
  step_.answer += session_.handle({type, std::string(body)});
}

void Script::query(std::string_view text) { say('Q', std::string(text) + '\0'); }

void Script::parse(std::string_view name, std::string_view text) {
  wire::Buffer body;
  for (const char c : name) body.push_back(static_cast<std::uint8_t>(c));
  body.push_back(0);
  for (const char c : text) body.push_back(static_cast<std::uint8_t>(c));
  body.insert(body.end(), {0, 0, 0});
  say('P', as_text(body));
}

void Script::bind(std::string_view portal, std::string_view name) {
  std::string body(portal);
  body += '\0';
  body += name;
  body += '\0';
  body.append(6, '\0');
  say('B', body);
}

void Script::describe(char kind, std::string_view name) {
  say('D', std::string(1, kind) + std::string(name) + '\0');
}

void Script::execute(std::string_view portal, int rows_most) {
  std::string body(portal);
  body += '\0';
  body += std::string_view("\0\0\0", 3);
  body += static_cast<char>(rows_most);
  say('E', body);
}

void Script::close(char kind, std::string_view name) {
  say('C', std::string(1, kind) + std::string(name) + '\0');
}

}  // namespace weir::sim
