#include "sql/scan.h"

#include "sql/examiner.h"
#include "sql/filter.h"

namespace weir::sql {

Effects scan(std::string_view text) {
  if (is_plain(text)) [[likely]]
    return {};
  return examine(text, nullptr);
}

bool pins(const Effects& effects, std::string_view text) {
  const bool computed_name = effects.unknown_name && text.find('$') == std::string_view::npos;
  return effects.session_object || effects.prepares || computed_name;
}

}  // namespace weir::sql
