// Any text as an HBA file, an ident file and LDAP options; it may name itself as a list.
#include <algorithm>

#include "auth/hba.h"
#include "auth/ident.h"
#include "auth/test_files.h"
#include "base/bytes.h"
#include "base/check.h"

using namespace weir;
using namespace weir::auth;

namespace {

void check_places(const FileProblems& problems, std::string_view text) {
  const auto lines = 1 + std::count(text.begin(), text.end(), '\n');
  for (const FileProblem& problem : problems) {
    ASSERT(problem.file == "f" && problem.line >= 1 && problem.line <= lines);
    ASSERT(!problem.text.empty());
  }
}

void check_rule(const HbaRules& rules, const HbaRule& rule) {
  const bool local = rule.connection == HbaRule::Connection::Local;
  ASSERT(rule.method != AuthType::Any && rule.method != AuthType::Hba);
  ASSERT(rule.ldap.has_value() == (rule.method == AuthType::Ldap));
  if (rule.ldap) ASSERT(check_ldap_options(*rule.ldap).has_value());
  // Whoever a line is made for is met by it or by one in front of it.
  const std::string database = rule.databases.empty() ? "d" : *rule.databases.begin();
  const std::string user = rule.users.empty() ? "u" : *rule.users.begin();
  const bool names_both = (rule.all_databases || !rule.databases.empty()) &&
                          (rule.all_users || !rule.users.empty());
  HbaRequest request{.database = database, .user = user, .unix_socket = local,
                     .nearness = Nearness::SameHost};
  request.tls = rule.connection == HbaRule::Connection::HostSsl;
  request.address = rule.range.address;
  if (!names_both) return;
  const HbaRule* met = rules.match(request);
  ASSERT(met != nullptr && met->line <= rule.line);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = as_text({data, size});
  TestFiles files;
  files.texts["f"] = text;
  FileProblems problems;
  const auto rules = parse_hba(text, "f", files, problems);
  check_places(problems, text);
  for (const HbaRule& rule : rules.list()) check_rule(rules, rule);

  problems.clear();
  (void)parse_ident(text, "f", problems);
  check_places(problems, text);

  const auto options = parse_ldap_options(text);
  if (options) ASSERT(check_ldap_options(*options).has_value());
  return 0;
}
