// The auth_file: who may log in, and with which secret.
// Immutable after parsing, so any thread may read it; owned by the configuration.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "auth/secret.h"

namespace weir::auth {

inline constexpr std::size_t kUserSizeMax = 127;
inline constexpr std::size_t kSecretSizeMax = 65535;

struct UserListProblem {
  unsigned line = 0;
  std::string text;
};

class UserList {
 public:
  // Null for unknown users. A user with the secret "" is known and can prove nothing.
  const Secret* find(std::string_view user) const;
  // The last entry of a name counts.
  void set(std::string_view user, Secret secret);
  std::size_t size() const { return secrets_.size(); }
  auto begin() const { return secrets_.begin(); }
  auto end() const { return secrets_.end(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  std::unordered_map<std::string, Secret, Hash, std::equal_to<>> secrets_;
};

// `"user" "secret"` a line, a quote inside doubled, the rest of the line ignored; lines that begin
// with ; and blank lines are skipped. Unlike PgBouncer, which stops at the first bad line and so
// loses every later user, this reports each bad line and keeps the good ones.
UserList parse_user_list(std::string_view text, std::vector<UserListProblem>& problems);

}  // namespace weir::auth
