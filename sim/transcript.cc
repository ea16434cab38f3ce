#include "transcript.h"

#include <algorithm>

#include "base/bytes.h"
#include "wire/message.h"
#include "wire/write.h"

namespace weir::sim {

namespace {

std::string printable(std::string_view bytes) {
  std::string out;
  for (const char c : bytes.substr(0, 160)) out += c >= ' ' && c <= '~' ? c : '.';
  return out + (bytes.size() > 160 ? "..." : "") + " (" + std::to_string(bytes.size()) + ")";
}

std::size_t message_size(std::string_view bytes) {
  if (bytes.size() < wire::kHeaderSize) return 0;
  const std::size_t size = load_u32(as_bytes(bytes).data() + 1) + 1;
  return size <= bytes.size() ? size : 0;
}

}  // namespace

void Transcript::expect_any(std::vector<std::string> answers) {
  for (std::size_t i = 0; i < answers.size(); ++i) open_.emplace_back(i, std::move(answers[i]));
}

std::string Transcript::receive(std::string_view bytes) {
  in_ += bytes;
  std::size_t at = 0;
  std::string wrong;
  while (wrong.empty()) {
    const std::size_t size = message_size(std::string_view(in_).substr(at));
    if (size == 0) break;
    wrong = judge(std::string_view(in_).substr(at, size));
    at += size;
  }
  in_.erase(0, at);
  return wrong;
}

// Keeps the answers that begin so; the last one left, or one at its end, is the one.
bool Transcript::choose(std::string_view message) {
  const auto differs = [message](const auto& answer) {
    return !answer.second.starts_with(message);
  };
  if (std::ranges::all_of(open_, differs)) return false;
  std::erase_if(open_, differs);
  for (auto& [number, answer] : open_) answer.erase(0, message.size());
  const auto ended = std::ranges::find_if(open_, [](const auto& a) { return a.second.empty(); });
  if (ended == open_.end() && open_.size() > 1) return true;
  const auto& choice = ended == open_.end() ? open_.front() : *ended;
  chosen_ = choice.first;
  owed_ = choice.second;
  open_.clear();
  return true;
}

std::string Transcript::judge(std::string_view message) {
  if (!farewell_.empty()) return "bytes after a FATAL error: " + printable(message);
  if (choose(message)) return {};
  if (open_.empty() && owed_.starts_with(message)) {
    owed_.erase(0, message.size());
    return {};
  }
  if (message.front() == static_cast<char>(wire::be::kErrorResponse)) {
    const Bytes body = as_bytes(message.substr(wire::kHeaderSize));
    if (wire::report_field(body, 'V') == "FATAL") {
      farewell_ = wire::report_field(body, 'C');
      return {};
    }
  }
  const std::size_t size = std::max<std::size_t>(1, message_size(owed_));
  return "got " + printable(message) + " instead of " + printable(owed_.substr(0, size));
}

std::string Transcript::end() const {
  const auto fits = [this](const auto& answer) { return answer.second.starts_with(in_); };
  if (owed_.starts_with(in_) || std::ranges::any_of(open_, fits)) return {};
  return "the connection ended in " + printable(in_) + " instead of " + printable(owed_);
}

std::string Transcript::shown() const {
  return "owed " + printable(owed_) + ", has " + printable(in_);
}

}  // namespace weir::sim
