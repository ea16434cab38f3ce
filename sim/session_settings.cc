#include "session_settings.h"

#include <algorithm>
#include <array>

namespace weir::sim {

namespace {

struct Known {
  std::string_view name, value;
  bool reported;
};

constexpr std::array kKnown = {
    Known{"application_name", "", true}, Known{"datestyle", "ISO, MDY", true},
    Known{"lock_timeout", "0", false},   Known{"log_statement", "none", false},
    Known{"role", "none", false},        Known{"search_path", "public", false},
    Known{"session_authorization", "", false},
    Known{"server_version", "17.2", true}, Known{"statement_timeout", "0", false},
    Known{"timezone", "UTC", true},      Known{"work_mem", "4MB", false},
};

// As PostgreSQL spells the names of what it reports.
std::string spelled(const std::string& name) {
  if (name == "datestyle") return "DateStyle";
  return name == "timezone" ? "TimeZone" : name;
}

}  // namespace

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

bool is_identity(std::string_view name) {
  return name == "role" || name == "session_authorization";
}

SessionSettings::SessionSettings(const wire::Parameters& startup) {
  for (const auto& known : kKnown) defaults_.emplace(known.name, known.value);
  for (const auto& [name, value] : startup) defaults_[lower(name)] = value;
}

bool SessionSettings::is_known(std::string_view name) {
  return name.find('.') != std::string_view::npos ||
         std::ranges::any_of(kKnown, [&](const Known& k) { return k.name == lower(name); });
}

// There is one role besides the user who logged in, who may do everything: "weak" may nothing.
std::optional<SessionSettings::Refusal> SessionSettings::refuses(std::string_view name,
                                                                 std::string_view value) const {
  const std::string what = lower(name);
  if (is_identity(what) && value != "weak" && value != "none" && value != "")
    return Refusal{"22023", "role \"" + std::string(value) + "\" does not exist"};
  const bool became_weak = this->value("session_authorization") == "weak";
  const bool is_weak = became_weak || this->value("role") == "weak";
  if (what == "log_statement" && is_weak)
    return Refusal{"42501", "permission denied to set parameter \"log_statement\""};
  return std::nullopt;
}

void SessionSettings::set(std::string_view name, std::string_view value, bool local) {
  // A new session_authorization ends the role.
  if (lower(name) == "session_authorization") set("role", "none", local);
  current_.effective[lower(name)] = value;
  if (!local) current_.session[lower(name)] = value;
}

void SessionSettings::set_default(std::string_view name, bool local) {
  if (lower(name) == "session_authorization") set("role", "none", local);
  current_.effective.erase(lower(name));
  if (!local) current_.session.erase(lower(name));
}

void SessionSettings::reset_all() {
  const auto forget = [](Values& values) {
    std::erase_if(values, [](const auto& entry) { return !is_identity(entry.first); });
  };
  forget(current_.session);
  forget(current_.effective);
}

void SessionSettings::begin() {
  if (open_) return;
  open_ = true;
  before_ = current_;
}

void SessionSettings::commit() {
  current_.effective = current_.session;
  savepoints_.clear();
  open_ = false;
}

void SessionSettings::rollback() {
  if (open_) current_ = before_;
  savepoints_.clear();
  open_ = false;
}

void SessionSettings::savepoint(const std::string& name) {
  savepoints_.push_back({name, current_});
}

bool SessionSettings::release(std::string_view name) {
  for (std::size_t i = savepoints_.size(); i-- > 0;)
    if (savepoints_[i].name == name) {
      savepoints_.resize(i);
      return true;
    }
  return false;
}

bool SessionSettings::rollback_to(std::string_view name) {
  for (std::size_t i = savepoints_.size(); i-- > 0;)
    if (savepoints_[i].name == name) {
      current_ = savepoints_[i].state;
      savepoints_.resize(i + 1);
      return true;
    }
  return false;
}

std::string SessionSettings::value(std::string_view name) const {
  if (const auto set = current_.effective.find(lower(name)); set != current_.effective.end())
    return set->second;
  const auto usual = defaults_.find(lower(name));
  return usual == defaults_.end() ? "" : usual->second;
}

std::string SessionSettings::text() const {
  Values all = defaults_;
  for (const auto& [name, value] : current_.effective) all[name] = value;
  std::string out;
  for (const auto& [name, value] : all)
    if (!value.empty()) out += name + "=" + value + ";";
  return out;
}

Values SessionSettings::changed_reports() {
  Values changed;
  for (const auto& known : kKnown) {
    if (!known.reported) continue;
    const std::string name(known.name);
    const std::string now = value(name);
    const auto before = reported_.find(name);
    if (before != reported_.end() && before->second == now) continue;
    reported_[name] = now;
    changed[spelled(name)] = now;
  }
  return changed;
}

}  // namespace weir::sim
