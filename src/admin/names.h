// Which databases and users the console shows: those of the configuration and those in use.
// Pure; the views live as long as the View's own values.
#pragma once

#include <set>
#include <string_view>

#include "admin/view.h"

namespace weir::admin {

using Names = std::set<std::string_view>;

// With the console's own, and those that the entry '*' serves at the moment.
Names database_names(const View& view);
Names user_names(const View& view);

}  // namespace weir::admin
