#include "session/settings.h"

#include <algorithm>

#include "base/check.h"
#include "sql/quote.h"

namespace weir::session {

namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

bool is_identity(std::string_view name) {
  return name == "role" || name == "session_authorization";
}

wire::Parameters normal(const wire::Parameters& values) {
  wire::Parameters out;
  for (const auto& [name, value] : values) wire::set_parameter(out, lower(name), value);
  std::ranges::sort(out);
  return out;
}

std::string key_of(const wire::Parameters& values) {
  std::string key;
  for (const auto& [name, value] : values) {
    key += name;
    key += '\0';
    key += value;
    key += '\0';
  }
  return key;
}

const std::string* find(const wire::Parameters& values, std::string_view name) {
  const auto it = std::ranges::lower_bound(values, name, {}, [](const auto& entry) {
    return std::string_view(entry.first);
  });
  return it != values.end() && it->first == name ? &it->second : nullptr;
}

// `app.user_id` as "app"."user_id".
void append_name(std::string& sql, std::string_view name) {
  while (true) {
    const std::size_t dot = name.find('.');
    sql::append_identifier(sql, name.substr(0, dot));
    if (dot == std::string_view::npos) return;
    sql += '.';
    name.remove_prefix(dot + 1);
  }
}

void append_set(std::string& calls, std::string_view name, std::string_view value) {
  calls += calls.empty() ? "SELECT pg_catalog.set_config(" : ",pg_catalog.set_config(";
  sql::append_literal(calls, name);
  calls += ',';
  sql::append_literal(calls, value);
  calls += ",false)";
}

}  // namespace

std::string_view Settings::value(std::string_view name) const {
  const std::string* found = find(values, name);
  return found != nullptr ? std::string_view(*found) : std::string_view();
}

SettingsRef::~SettingsRef() {
  if (settings_ != nullptr && --settings_->references == 0) settings_->table->remove(*settings_);
}

SettingsRef SettingsTable::intern(const wire::Parameters& values) {
  wire::Parameters sorted = normal(values);
  auto [it, fresh] = sets_.try_emplace(key_of(sorted));
  if (fresh) {
    auto settings = std::make_unique<Settings>();
    settings->identity = std::ranges::any_of(
        sorted, [](const auto& entry) { return is_identity(entry.first); });
    settings->values = std::move(sorted);
    settings->table = this;
    settings->key = &it->first;
    it->second = std::move(settings);
  }
  return SettingsRef(it->second.get());
}

void SettingsTable::remove(Settings& settings) {
  const auto it = sets_.find(*settings.key);
  ASSERT(it != sets_.end() && it->second.get() == &settings);
  sets_.erase(it);
}

wire::Parameters overlay(const wire::Parameters& base, const wire::Parameters& over) {
  wire::Parameters out = base;
  for (const auto& [name, value] : over) wire::set_parameter(out, name, value);
  return out;
}

SettingsRef combine(const SettingsRef& base, const SettingsRef& over) {
  if (base->values.empty()) return over;
  return base->table->intern(overlay(base->values, over->values));
}

wire::Parameters beyond(const Settings& base, const Settings& startup,
                        const wire::Parameters& found) {
  wire::Parameters out;
  // A role is only found where there is one: that it is none may be the client's wish, too.
  const auto is_role = [](const auto& entry) { return entry.first == "role"; };
  if (find(startup.values, "role") != nullptr && !std::ranges::any_of(found, is_role))
    out.emplace_back("role", "none");
  for (const auto& [name, value] : found) {
    const std::string* given = find(base.values, name);
    if (given == nullptr || *given != value || find(startup.values, name) != nullptr)
      out.emplace_back(name, value);
  }
  return out;
}

// Who the session is comes first when it is undone and last when it is set, so that everything
// between runs with the rights of the user who logged in. A new session_authorization undoes a
// role, so it comes before one: the names' order backwards. A time limit comes before all, since
// it must not end its own undoing.
std::string transition_sql(const Settings& from, const Settings& to) {
  if (&from == &to) return {};
  std::string resets;
  const auto reset = [&resets](std::string_view name) {
    resets += "RESET ";
    append_name(resets, name);
    resets += ';';
  };
  constexpr std::string_view kLimit = "statement_timeout";
  const std::string* limit = find(from.values, kLimit);
  const std::string* next_limit = find(to.values, kLimit);
  if (limit != nullptr && (next_limit == nullptr || *next_limit != *limit)) reset(kLimit);
  for (const auto& entry : from.values)
    if (is_identity(entry.first)) reset(entry.first);
  for (const auto& [name, value] : from.values)
    if (!is_identity(name) && name != kLimit && find(to.values, name) == nullptr) reset(name);

  std::string calls;
  for (const auto& [name, value] : to.values) {
    const std::string* before = find(from.values, name);
    if (!is_identity(name) && (before == nullptr || *before != value))
      append_set(calls, name, value);
  }
  for (auto it = to.values.rbegin(); it != to.values.rend(); ++it)
    if (is_identity(it->first)) append_set(calls, it->first, it->second);
  return resets + calls;
}

std::string inquiry_sql(std::string_view user, const std::vector<std::string>& custom) {
  std::string sql =
      "SELECT name,setting FROM pg_catalog.pg_settings"
      " WHERE source OPERATOR(pg_catalog.=) 'session' AND name OPERATOR(pg_catalog.<>) ALL"
      " ('{transaction_isolation,transaction_read_only,transaction_deferrable}'"
      "::pg_catalog.text[])";
  const auto also = [&sql](std::string_view name, std::string_view usual) {
    sql += " UNION ALL SELECT ";
    sql::append_literal(sql, name);
    sql += ",pg_catalog.current_setting(";
    sql::append_literal(sql, name);
    sql += ",true) WHERE pg_catalog.current_setting(";
    sql::append_literal(sql, name);
    sql += ",true) OPERATOR(pg_catalog.<>) ";
    sql::append_literal(sql, usual);
  };
  also("role", "none");
  also("session_authorization", user);
  for (const auto& name : custom) also(name, "");
  return sql;
}

}  // namespace weir::session
