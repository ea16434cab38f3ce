#include "auth/user_list.h"

#include <utility>

#include "base/check.h"
#include "base/result.h"

namespace weir::auth {

namespace {

constexpr std::string_view kBlanks = " \t\r\v\f";
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// Takes the next quoted string off the line, and what stands in front of it.
Result<std::string> take_quoted(std::string_view& line, std::string_view what) {
  const auto open = line.find('"');
  if (open == std::string_view::npos) return fail(std::string(what) + " is not in quotes");
  std::string out;
  for (auto at = open + 1; at < line.size(); ++at) {
    if (line[at] == '"') {
      const bool doubled = at + 1 < line.size() && line[at + 1] == '"';
      if (!doubled) {
        line.remove_prefix(at + 1);
        return out;
      }
      ++at;
    }
    out += line[at];
  }
  wipe(out);
  return fail(std::string(what) + " has no closing quote");
}

Result<void> parse_line(std::string_view line, UserList& users) {
  if (line.find('\0') != std::string_view::npos) return fail("the line contains a zero byte");
  if (line.front() != '"') return fail("the line does not begin with a user name in quotes");
  const auto user = take_quoted(line, "the user name");
  if (!user) return std::unexpected(user.error());
  if (user->empty()) return fail("the user name is empty");
  if (user->size() > kUserSizeMax) return fail("username too long in auth file");
  auto secret = take_quoted(line, "the secret");
  if (!secret) return std::unexpected(secret.error());
  const WipeAtExit wipe_secret(*secret);
  if (secret->size() > kSecretSizeMax) return fail("password too long in auth file");
  users.set(*user, parse_secret(*secret));
  return {};
}

}  // namespace

const Secret* UserList::find(std::string_view user) const {
  const auto at = secrets_.find(user);
  return at == secrets_.end() ? nullptr : &at->second;
}

void UserList::set(std::string_view user, Secret secret) {
  ASSERT(!user.empty() && user.size() <= kUserSizeMax);
  secrets_.insert_or_assign(std::string(user), std::move(secret));
}

UserList parse_user_list(std::string_view text, std::vector<UserListProblem>& problems) {
  UserList users;
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  for (unsigned number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const auto begin = line.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos || line[begin] == ';') continue;
    line.remove_prefix(begin);
    const auto parsed = parse_line(line, users);
    if (!parsed) problems.push_back({number, parsed.error().text});
  }
  return users;
}

}  // namespace weir::auth
