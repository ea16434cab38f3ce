#include "session/shape.h"

#include <algorithm>
#include <functional>
#include <string>

namespace weir::session {

Shape shape_of(Bytes row_description) {
  Reader in(row_description);
  std::string seen;
  for (std::size_t columns = in.u16(); columns > 0 && in.ok(); --columns) {
    seen.append(in.cstr()).push_back('\0');
    in.bytes(6);  // table and column: a table made anew with the same columns will do
    seen.append(as_text(in.bytes(4)));
    in.bytes(2);  // the size belongs to the type
    seen.append(as_text(in.bytes(4)));
    in.bytes(2);  // the format is asked for by each Bind
  }
  return std::max<Shape>(std::hash<std::string>{}(seen), kLargeShape + 1);
}

}  // namespace weir::session
