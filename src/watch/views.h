// The four tables that there are to look at, made from samples. Pure.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "watch/sample.h"
#include "watch/table.h"

namespace weir::watch {

enum class View { Pools, Databases, Clients, Servers };

inline constexpr std::array kViews{View::Pools, View::Databases, View::Clients, View::Servers};

std::string_view view_name(View view);  // as in --view
// Whether it needs SHOW CLIENTS and SHOW SERVERS, which are long.
bool needs_sockets(View view);
// What is looked for first: who waits longest, which database does most.
Sorting first_sorting(View view);

// A pool, or with an empty user all pools of a database; both empty: everything.
struct Scope {
  std::string database, user;

  bool empty() const { return database.empty() && user.empty(); }
  bool operator==(const Scope&) const = default;
};

// The id of a pool's line.
std::string pool_id(const Scope& pool);

// Lines in the console's order. Rates need the sample before, which may be null.
Table table_of(View view, const Sample& now, const Sample* before);
void restrict_to(Table& table, const Scope& scope);

// By the views:
Table pools_table(const Sample& now);
Table databases_table(const Sample& now, const Sample* before);
Table clients_table(const Sample& now);
Table servers_table(const Sample& now);

}  // namespace weir::watch
