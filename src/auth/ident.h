// The auth_ident_file: which PostgreSQL users somebody may be whom the operating system or a
// certificate has named. Immutable after parsing, so any thread may read it; the Config's.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "auth/field_line.h"

namespace weir::auth {

class IdentMaps {
 public:
  bool has(std::string_view map) const { return maps_.contains(map); }
  // Whether a line `map system-user user` or `map system-user all` is there.
  bool allows(std::string_view map, std::string_view system_user, std::string_view user) const;
  void add(std::string_view map, Word system_user, Word user);
  std::size_t size() const { return maps_.size(); }

 private:
  struct Line {
    std::string system_user;
    std::string user;
    bool any_user = false;
  };
  std::map<std::string, std::vector<Line>, std::less<>> maps_;
};

// `map system-user pg-user|all` a line. A line that cannot be used is a problem: with any, the
// file must not be used, since it is not known who was meant to be kept apart.
IdentMaps parse_ident(std::string_view text, const std::string& file, FileProblems& problems);

}  // namespace weir::auth
