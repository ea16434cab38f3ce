// Session settings: what a client has set, what a server connection has in force.
// Equal sets are one object per pool, so whether a server matches a client is a pointer comparison.
// Single-threaded; a SettingsTable outlives every SettingsRef it gave out.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "wire/startup.h"

namespace weir::stats {
struct Application;
}  // namespace weir::stats

namespace weir::session {

class SettingsTable;

// One set: names in lower case, sorted, with values as PostgreSQL's set_config() takes them.
struct Settings {
  wire::Parameters values;
  // What a server reported (ParameterStatus) while it had exactly these settings; known once a
  // server has accepted them.
  wire::Parameters reported;
  bool accepted = false;
  // Changes who the session is (role, session_authorization): never sent in front of a client's
  // message before the server has agreed.
  bool identity = false;

  // Empty where it is not set.
  std::string_view value(std::string_view name) const;

  stats::Application* application = nullptr;  // what its application_name is counted as, if known
  SettingsTable* table = nullptr;
  const std::string* key = nullptr;
  unsigned references = 0;
};

// A counted reference to a Settings of a table; the last one removes it.
class SettingsRef {
 public:
  SettingsRef() = default;
  explicit SettingsRef(Settings* settings) : settings_(settings) { ++settings_->references; }
  SettingsRef(const SettingsRef& other) : settings_(other.settings_) {
    if (settings_ != nullptr) ++settings_->references;
  }
  SettingsRef(SettingsRef&& other) noexcept : settings_(std::exchange(other.settings_, nullptr)) {}
  SettingsRef& operator=(SettingsRef other) noexcept {
    std::swap(settings_, other.settings_);
    return *this;
  }
  ~SettingsRef();

  Settings* operator->() const { return settings_; }
  Settings& operator*() const { return *settings_; }
  explicit operator bool() const { return settings_ != nullptr; }
  friend bool operator==(const SettingsRef&, const SettingsRef&) = default;

 private:
  Settings* settings_ = nullptr;
};

class SettingsTable {
 public:
  SettingsTable() = default;
  SettingsTable(const SettingsTable&) = delete;
  SettingsTable& operator=(const SettingsTable&) = delete;

  // The one object for these values; names compare without case, the last value of a name wins.
  SettingsRef intern(const wire::Parameters& values);
  std::size_t size() const { return sets_.size(); }

 private:
  friend class SettingsRef;
  void remove(Settings& settings);

  std::unordered_map<std::string, std::unique_ptr<Settings>> sets_;
};

// `base` overlaid by `over`.
wire::Parameters overlay(const wire::Parameters& base, const wire::Parameters& over);

// `over` on top of `base`, which is itself where it holds nothing.
SettingsRef combine(const SettingsRef& base, const SettingsRef& over);

// What of `found`, the settings that a session has, is not from `base`. Names in `startup` are the
// client's, whatever their value.
wire::Parameters beyond(const Settings& base, const Settings& startup,
                        const wire::Parameters& found);

// The SQL that takes a session from one set to another; empty where they are equal.
std::string transition_sql(const Settings& from, const Settings& to);

// The SQL that asks which settings a session has set beyond its start. `user` is who logged in;
// `custom` are names that pg_settings does not list.
std::string inquiry_sql(std::string_view user, const std::vector<std::string>& custom);

}  // namespace weir::session
