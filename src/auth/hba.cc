#include "auth/hba.h"

#include <utility>

namespace weir::auth {

namespace {

using enum HbaRule::Connection;

bool fits_connection(const HbaRule& rule, const HbaRequest& request) {
  switch (rule.connection) {
    case Local: return request.unix_socket;
    case Host: return !request.unix_socket;
    case HostSsl: return !request.unix_socket && request.tls;
    case HostNoSsl: return !request.unix_socket && !request.tls;
  }
  return false;
}

// As in PostgreSQL, a physical replication connection is met by the keyword only, not by `all`.
bool fits_database(const HbaRule& rule, const HbaRequest& request) {
  if (request.replication) return rule.replication;
  return rule.all_databases || (rule.same_user && request.user == request.database) ||
         rule.databases.contains(request.database);
}

bool fits_user(const HbaRule& rule, const HbaRequest& request) {
  return rule.all_users || rule.users.contains(request.user);
}

bool is_near(const HbaRule& rule) {
  return rule.from == HbaRule::From::SameHost || rule.from == HbaRule::From::SameNet;
}

bool fits_address(const HbaRule& rule, const HbaRequest& request) {
  if (rule.connection == Local) return true;
  switch (rule.from) {
    case HbaRule::From::All: return true;
    case HbaRule::From::SameHost: return request.nearness == Nearness::SameHost;
    case HbaRule::From::SameNet:
      return request.nearness == Nearness::SameHost || request.nearness == Nearness::SameNet;
    case HbaRule::From::Range: return rule.range.contains(*request.address);
  }
  return false;
}

}  // namespace

const HbaRule* HbaRules::match(const HbaRequest& request) const {
  if (!request.unix_socket && !request.address) return nullptr;
  for (const HbaRule& rule : rules_) {
    if (!fits_connection(rule, request) || !fits_database(rule, request) ||
        !fits_user(rule, request))
      continue;
    // It may be the line that keeps this client out.
    if (is_near(rule) && request.nearness == Nearness::Unknown) return nullptr;
    if (fits_address(rule, request)) return &rule;
  }
  return nullptr;
}

void HbaRules::add(HbaRule rule) {
  asks_nearness_ |= is_near(rule);
  rules_.push_back(std::move(rule));
}

HbaRules parse_hba(std::string_view text, const std::string& file, const TextFiles& files,
                   FileProblems& problems) {
  HbaRules rules;
  for (const FieldLine& line : split_lines(text, file, problems)) {
    auto rule = parse_hba_rule(line, file, files);
    if (rule) {
      rules.add(std::move(*rule));
    } else {
      problems.push_back({file, line.number, rule.error().text});
    }
  }
  return rules;
}

}  // namespace weir::auth
