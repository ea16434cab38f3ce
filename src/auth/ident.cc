#include "auth/ident.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace weir::auth {

namespace {

Result<void> parse_line(const FieldLine& line, IdentMaps& maps) {
  const auto& fields = line.fields;
  if (fields.size() != 3 || std::ranges::any_of(fields, [](auto& f) { return f.size() != 1; }))
    return fail("three words are needed: the map, the system's user, the PostgreSQL user or all");
  for (const Field& field : fields) {
    const Word& word = field.front();
    if (word.text.empty()) return fail("a name is empty");
    if (word.begins_with('/'))
      return fail(fmt::format("regular expressions ({}) are not supported: list the users, a line "
                              "each", word.text));
  }
  const Word& map = fields[0].front();
  const Word& user = fields[2].front();
  if (map.is("include") || map.is("include_if_exists") || map.is("include_dir"))
    return fail("other files cannot be included: put their lines here");
  if (user.begins_with('+'))
    return fail(fmt::format("the members of role {} are not known here: list the users, a line "
                            "each", user.text.substr(1)));
  maps.add(map.text, fields[1].front(), user);
  return {};
}

}  // namespace

bool IdentMaps::allows(std::string_view map, std::string_view system_user,
                       std::string_view user) const {
  const auto lines = maps_.find(map);
  if (lines == maps_.end()) return false;
  return std::ranges::any_of(lines->second, [&](const Line& line) {
    return line.system_user == system_user && (line.any_user || line.user == user);
  });
}

void IdentMaps::add(std::string_view map, Word system_user, Word user) {
  const bool any = user.is("all");
  maps_[std::string(map)].push_back({std::move(system_user.text), std::move(user.text), any});
}

IdentMaps parse_ident(std::string_view text, const std::string& file, FileProblems& problems) {
  IdentMaps maps;
  for (const FieldLine& line : split_lines(text, file, problems))
    if (const auto ok = parse_line(line, maps); !ok)
      problems.push_back({file, line.number, ok.error().text});
  return maps;
}

}  // namespace weir::auth
