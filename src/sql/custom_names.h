// The dotted setting names ("app.user_id") that PostgreSQL keeps for whoever sets them. They are in
// no catalog view, so what a text may have set is known from the text only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weir::sql {

// Appends the dotted names that SET, RESET and set_config in `text` may leave changed, each once,
// in lower case. At most kMaxCustomNames of at most kMaxCustomName bytes: scan() says unknown_name
// when there are others.
void custom_names(std::string_view text, std::vector<std::string>& out);

// Whether a bound parameter can be such a name.
bool looks_like_custom_name(std::string_view parameter_value);

}  // namespace weir::sql
