#include "watch/views.h"

namespace weir::watch {

std::string_view view_name(View view) {
  switch (view) {
    case View::Pools: return "pools";
    case View::Databases: return "databases";
    case View::Clients: return "clients";
    case View::Servers: return "servers";
  }
  return {};
}

bool needs_sockets(View view) { return view == View::Clients || view == View::Servers; }

Table table_of(View view, const Sample& now, const Sample* before) {
  switch (view) {
    case View::Pools: return pools_table(now);
    case View::Databases: return databases_table(now, before);
    case View::Clients: return clients_table(now);
    case View::Servers: return servers_table(now);
  }
  return {};
}

Sorting first_sorting(View view) {
  const Sample nothing;
  const Table table = table_of(view, nothing, nullptr);
  const std::string_view title = view == View::Pools       ? "WAITING"
                                 : view == View::Databases ? "QUERIES/S"
                                 : view == View::Clients   ? "WAIT"
                                                           : "DATABASE";
  std::size_t column = 0;
  while (table.columns[column].title != title) ++column;
  return {column, table.columns[column].is_number};
}

std::string pool_id(const Scope& pool) { return pool.database + '\n' + pool.user; }

void restrict_to(Table& table, const Scope& scope) {
  std::erase_if(table.lines, [&scope](const Line& line) {
    return (!scope.database.empty() && line.database != scope.database) ||
           (!scope.user.empty() && line.user != scope.user);
  });
}

}  // namespace weir::watch
