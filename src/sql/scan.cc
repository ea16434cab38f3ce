#include "sql/scan.h"

#include "sql/examiner.h"
#include "sql/filter.h"

namespace weir::sql {

Effects scan(std::string_view text) {
  if (is_plain(text)) [[likely]]
    return {};
  return examine(text, nullptr);
}

}  // namespace weir::sql
