#include "admin/refusal.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "admin/show.h"

namespace weir::admin {

namespace {

using Kind = Command::Kind;

bool needs_administrator(const Command& command) {
  if (command.kind == Kind::Show) return command.what == "fds";
  return command.kind != Kind::FakeSet;
}

bool needs_database(Kind kind) { return kind == Kind::Disable || kind == Kind::Enable; }

std::string upper(std::string_view text) {
  std::string high(text);
  for (char& c : high)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return high;
}

// How PgBouncer says that a command cannot be meant for the console; empty: it can.
std::string_view not_for_console(Kind kind) {
  if (kind == Kind::Pause) return "cannot pause admin db";
  if (kind == Kind::Kill) return "cannot kill admin db";
  if (kind == Kind::Reconnect) return "cannot reconnect admin db";
  if (kind == Kind::Disable) return "cannot disable admin db";
  if (kind == Kind::Enable) return "cannot enable admin db";
  if (kind == Kind::WaitClose) return "cannot wait in admin db";
  return {};
}

std::string resume_refusal(const Command& command, const View& view) {
  if (view.shutting_down) return "pooler is shutting down";
  if (command.database.empty()) return view.all_paused ? "" : "pooler is not paused";
  const bool paused = std::ranges::find(view.paused, command.database) != view.paused.end();
  return paused ? "" : fmt::format("database {} is not paused", command.database);
}

}  // namespace

std::string refusal(const Command& command, const View& view, bool administrator) {
  const Kind kind = command.kind;
  const std::string& database = command.database;
  if (kind == Kind::Invalid) return command.error;
  if (kind == Kind::Show && view.config.weir.strict && is_own(command.what))
    return fmt::format("invalid command 'SHOW {}', use SHOW HELP;", upper(command.what));
  if (needs_administrator(command) && !administrator) return "admin access needed";
  if (kind == Kind::KillClient && command.client == 0) return "invalid client pointer supplied";
  if ((kind == Kind::Pause || kind == Kind::Kill) && view.all_paused) return "already paused";
  if (database.empty() && needs_database(kind)) return "a database is required";
  if (!database.empty() && database != kConsoleDatabase &&
      view.config.find_database(database) == nullptr)
    return fmt::format("no such database: {}", database);
  if (const auto text = not_for_console(kind); database == kConsoleDatabase && !text.empty())
    return fmt::format("{}: {}", text, database);
  return kind == Kind::Resume ? resume_refusal(command, view) : "";
}

}  // namespace weir::admin
