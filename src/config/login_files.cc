#include "config/login_files.h"

#include <algorithm>
#include <utility>

namespace weir::config {

namespace {

using auth::AuthType;

struct FileText {
  std::optional<std::string> text;  // none: there is no file, or it cannot be read
  bool keep = false;                // what is running stays
};

// A missing file lets nobody in, so it is no error, as in PgBouncer: it may come with a RELOAD.
FileText read_file(Draft& draft, const Files& files, const Config* running, std::string_view key,
                   std::string Settings::*field) {
  const std::string& path = draft.config.settings.*field;
  if (path.empty()) return {};
  auto text = files.read(path);
  if (text) return {.text = std::move(*text)};
  draft.problem(Severity::Warning, draft.place(Section::Main, key),
                fmt::format("could not open {} {}: {}; put it there and RELOAD", key, path,
                            text.error().text));
  return {.text = std::nullopt,
          .keep = running != nullptr && running->settings.*field == path};
}

// True where there are none.
bool report(Draft& draft, auth::FileProblems problems, bool in_use) {
  std::ranges::stable_sort(problems, {}, &auth::FileProblem::line);
  for (auth::FileProblem& problem : problems)
    draft.problem(in_use ? Severity::Error : Severity::Warning, {problem.file, problem.line},
                  std::move(problem.text));
  return problems.empty();
}

void read_ident(Draft& draft, const Files& files, const Config* running) {
  const auto file = read_file(draft, files, running, "auth_ident_file",
                              &Settings::auth_ident_file);
  if (file.keep) return void(draft.config.ident = running->ident);
  draft.config.ident = {};
  if (!file.text) return;
  auth::FileProblems problems;
  auto maps = auth::parse_ident(*file.text, draft.config.settings.auth_ident_file, problems);
  const bool in_use = draft.config.settings.auth_type == AuthType::Hba;
  if (report(draft, std::move(problems), in_use)) draft.config.ident = std::move(maps);
}

void check_maps(const auth::HbaRules& rules, const Draft& draft, auth::FileProblems& problems) {
  const Settings& s = draft.config.settings;
  for (const auth::HbaRule& rule : rules.list()) {
    if (rule.map.empty() || draft.config.ident.has(rule.map)) continue;
    problems.push_back({s.auth_hba_file, rule.line,
                        s.auth_ident_file.empty()
                            ? fmt::format("map {} is not known: set auth_ident_file", rule.map)
                            : fmt::format("map {} is not in {}", rule.map, s.auth_ident_file)});
  }
}

void read_hba(Draft& draft, const Files& files, const Config* running) {
  const auto file = read_file(draft, files, running, "auth_hba_file", &Settings::auth_hba_file);
  auth::FileProblems problems;
  auth::HbaRules rules;
  if (file.keep) rules = running->hba;
  if (file.text)
    rules = auth::parse_hba(*file.text, draft.config.settings.auth_hba_file, files, problems);
  check_maps(rules, draft, problems);
  const bool in_use = draft.config.settings.auth_type == AuthType::Hba;
  if (!report(draft, std::move(problems), in_use)) rules = {};
  draft.config.hba = std::move(rules);
}

void read_ldap_options(Draft& draft) {
  const Settings& s = draft.config.settings;
  const bool in_use = s.auth_type == AuthType::Ldap;
  draft.config.ldap.reset();
  if (s.auth_ldap_options.empty() && !in_use) return;
  auto options = auth::parse_ldap_options(s.auth_ldap_options);
  if (options) return void(draft.config.ldap = std::move(*options));
  const bool set = draft.is_set(Section::Main, "auth_ldap_options");
  draft.problem(in_use ? Severity::Error : Severity::Warning,
                draft.place(Section::Main, set ? "auth_ldap_options" : "auth_type"),
                fmt::format("auth_ldap_options: {}", options.error().text));
}

}  // namespace

void read_login_files(Draft& draft, const Files& files, const Config* running) {
  read_ident(draft, files, running);
  read_hba(draft, files, running);
  read_ldap_options(draft);
}

}  // namespace weir::config
