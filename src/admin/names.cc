#include "admin/names.h"

namespace weir::admin {

Names database_names(const View& view) {
  Names names{kConsoleDatabase};
  for (const auto& [name, database] : view.config.databases) names.insert(name);
  for (const session::Snapshot& worker : view.workers)
    for (const session::PoolRow& pool : worker.pools)
      if (view.config.find_database(pool.database) != nullptr) names.insert(pool.database);
  // Behind the entry *, what a command has named is there before its first client.
  for (const auto& commanded : {view.paused, view.disabled})
    for (const std::string& name : commanded)
      if (view.config.find_database(name) != nullptr) names.insert(name);
  return names;
}

Names user_names(const View& view) {
  Names names{kConsoleDatabase};
  for (const auto& [name, user] : view.config.users) names.insert(name);
  for (const auto& [name, secret] : view.config.auth_users) names.insert(name);
  for (const session::Snapshot& worker : view.workers) {
    for (const session::PoolRow& pool : worker.pools) names.insert(pool.user);
    for (const std::string& name : worker.client_users)
      if (!name.empty()) names.insert(name);
  }
  return names;
}

}  // namespace weir::admin
