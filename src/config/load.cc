#include "config/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "config/checks.h"
#include "config/draft.h"
#include "config/ini.h"
#include "config/login_files.h"
#include "config/sections.h"
#include "config/value.h"

namespace weir::config {

namespace {

// A missing file is no error, as in PgBouncer: it may come with the next RELOAD. A broken one is:
// who is meant to be kept out must not depend on where the bad line stands.
void read_auth_file(Draft& draft, const Files& files) {
  const std::string& path = draft.config.settings.auth_file;
  if (path.empty()) return;
  const auto text = files.read(path);
  if (!text) {
    return draft.problem(Severity::Warning, draft.place(Section::Main, "auth_file"),
                         fmt::format("could not open auth_file {}: {}; put it there and RELOAD",
                                     path, text.error().text));
  }
  std::vector<auth::UserListProblem> broken;
  draft.config.auth_users = auth::parse_user_list(*text, broken);
  draft.auth_file_read = true;
  for (auto& problem : broken) {
    draft.problem(Severity::Error, {path, problem.line}, "broken auth file: " + problem.text);
  }
}

Draft read(const std::string& path, const Files& files, const Config* running = nullptr) {
  Draft draft;
  draft.path = path;
  draft.config.settings.conffile = path;
  const auto lines = read_ini(path, files, draft.problems);
  const bool readable = draft.problems.empty();
  apply_lines(lines, draft);
  const bool has_main = std::ranges::any_of(lines, [](const IniLine& line) {
    return line.kind == IniLine::Kind::Section && line.name == section_name(Section::Main);
  });
  if (!has_main && readable) {
    draft.problem(Severity::Error, {path, 0},
                  "main section missing from config file: begin it with [pgbouncer]");
  }
  draft.config.weir.http_port_is_set = draft.is_set(Section::Weir, "http_port");
  read_auth_file(draft, files);
  read_login_files(draft, files, running);
  check(draft, files);
  return draft;
}

bool has_errors(const Problems& problems) {
  return std::ranges::find(problems, Severity::Error, &Problem::severity) != problems.end();
}

Loaded finish(Draft draft) {
  Loaded loaded;
  loaded.problems = std::move(draft.problems);
  loaded.places.insert(draft.places.begin(), draft.places.end());
  if (!has_errors(loaded.problems)) {
    loaded.config = std::make_shared<const Config>(std::move(draft.config));
  }
  return loaded;
}

template <typename Group>
void keep_fixed(Draft& draft, Section section, const Group& running, Group& next) {
  for (const Option& option : options(section)) {
    const Value value = option.get(&running);
    if (option.reloadable || value == option.get(&next)) continue;
    option.set(&next, value);
    draft.problem(Severity::Warning, draft.place(section, option.name),
                  fmt::format("{} cannot change while running: it stays {} until a restart",
                              option.name, format_value(option, value)));
  }
}

}  // namespace

Loaded load(const std::string& path) {
  return load(path, DiskFiles{});
}

Loaded load(const std::string& path, const Files& files) {
  return finish(read(path, files));
}

Loaded reload(const Config& running, const std::string& path, const Files& files) {
  Draft draft = read(path, files, &running);
  keep_fixed(draft, Section::Main, running.settings, draft.config.settings);
  keep_fixed(draft, Section::Weir, running.weir, draft.config.weir);
  const bool same_file = draft.config.settings.auth_file == running.settings.auth_file;
  if (!draft.auth_file_read && same_file) draft.config.auth_users = running.auth_users;
  return finish(std::move(draft));
}

std::shared_ptr<const Config> made_strict(const std::shared_ptr<const Config>& config) {
  auto strict = std::make_shared<Config>(*config);
  strict->weir.strict = true;
  return strict;
}

Result<std::shared_ptr<const Config>> with_setting(const Config& running, std::string_view key,
                                                   std::string_view value, const Files& files) {
  const Option* option = find_option(Section::Main, key);
  if (option == nullptr) return fail(fmt::format("unknown parameter: pgbouncer/{}", key));
  auto parsed = parse_value(*option, value);
  if (!parsed) {
    return fail(fmt::format("invalid value \"{}\" for parameter {}: {}", value, key,
                            parsed.error().text));
  }
  Draft draft;
  draft.config = running;
  draft.path = running.settings.conffile;
  if (option->reloadable) option->set(&draft.config.settings, std::move(parsed->value));
  const auto refused = refused_settings(draft.config.settings);
  if (!refused.empty()) return fail(refused.front().text);
  if (key.starts_with("auth_")) read_login_files(draft, files, &running);
  const auto error = std::ranges::find(draft.problems, Severity::Error, &Problem::severity);
  if (error != draft.problems.end()) return fail(to_string(*error));
  return std::make_shared<const Config>(std::move(draft.config));
}

}  // namespace weir::config
