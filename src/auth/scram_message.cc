#include "auth/scram_message.h"

#include <algorithm>

#include "auth/base64.h"
#include "base/check.h"

namespace weir::auth {

namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

}  // namespace

std::string_view gs2_header(const ChannelBinding& binding) {
  if (binding.used) return "p=tls-server-end-point,,";
  return binding.end_point.empty() ? "n,," : "y,,";
}

std::string encode_binding(std::string_view header, const ChannelBinding& binding) {
  std::string text(header);
  if (binding.used) text += binding.end_point;
  return base64_encode(as_bytes(text));
}

ScramAttributes::ScramAttributes(std::string_view text) : text_(text) {
  failed_ = text.size() > kScramMessageMax || text.find('\0') != std::string_view::npos;
}

ScramAttributes::Attribute ScramAttributes::next() {
  if (failed_ || ended_ || text_.size() - at_ < 2 || !is_letter(text_[at_]) ||
      text_[at_ + 1] != '=') {
    failed_ = true;
    return {};
  }
  const auto begin = at_;
  const auto comma = text_.find(',', begin);
  ended_ = comma == std::string_view::npos;
  const auto end = ended_ ? text_.size() : comma;
  at_ = ended_ ? end : end + 1;
  ASSERT(end >= begin + 2);
  return {text_[begin], text_.substr(begin + 2, end - begin - 2), begin};
}

std::string_view ScramAttributes::get(char name) {
  const auto attribute = next();
  if (attribute.name != name) failed_ = true;
  return failed_ ? std::string_view{} : attribute.value;
}

bool is_scram_nonce(std::string_view text) {
  const auto printable = [](char c) { return c > 0x20 && c < 0x7f && c != ','; };
  return !text.empty() && std::all_of(text.begin(), text.end(), printable);
}

std::string scram_auth_message(std::string_view client_first_bare, std::string_view server_first,
                               std::string_view client_final_without_proof) {
  std::string message;
  message.reserve(client_first_bare.size() + server_first.size() +
                  client_final_without_proof.size() + 2);
  message.append(client_first_bare).append(",").append(server_first).append(",");
  return message.append(client_final_without_proof);
}

}  // namespace weir::auth
