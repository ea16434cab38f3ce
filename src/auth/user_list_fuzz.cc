#include "auth/user_list.h"

#include <algorithm>

#include "base/check.h"

// Whatever the file says, each user and secret keeps to its limits and each problem names a line.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  std::vector<auth::UserListProblem> problems;
  const auto text = as_text({data, size});
  const auto users = auth::parse_user_list(text, problems);
  const auto lines = 1 + std::count(text.begin(), text.end(), '\n');
  for (const auto& [user, secret] : users) {
    ASSERT(!user.empty() && user.size() <= auth::kUserSizeMax);
    ASSERT(secret.text.size() <= auth::kSecretSizeMax);
    ASSERT(secret.text.empty() == (secret.kind == auth::SecretKind::None));
    ASSERT(users.find(user) == &secret);
  }
  unsigned last = 0;
  for (const auto& problem : problems) {
    ASSERT(problem.line > last && problem.line <= lines);
    last = problem.line;
  }
  return 0;
}
