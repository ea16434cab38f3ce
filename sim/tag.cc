#include "tag.h"

namespace weir::sim {

std::string client_tag(std::string_view bytes) {
  const std::size_t at = bytes.find("'c");
  if (at == std::string_view::npos) return {};
  const std::size_t dot = bytes.find('.', at);
  if (dot == std::string_view::npos || dot - at > 12) return {};
  return std::string(bytes.substr(at + 1, dot - at - 1));
}

std::string shown(const Request& request) {
  std::string out(1, request.type);
  out += ' ';
  for (const char c : std::string_view(request.body).substr(0, 100))
    out += c >= ' ' && c <= '~' ? c : '.';
  return out;
}

}  // namespace weir::sim
