// The settings of one PostgreSQL session: what SET, SET LOCAL, RESET and rollbacks leave in force.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/startup.h"

namespace weir::sim {

using Values = std::map<std::string, std::string, std::less<>>;

class SessionSettings {
 public:
  // `startup` is what the session began with: what RESET goes back to.
  explicit SessionSettings(const wire::Parameters& startup);

  // Whether a SET of this name is possible.
  static bool is_known(std::string_view name);
  // Why this session may not set it to this, as an SQLSTATE and a text; none where it may.
  struct Refusal {
    std::string_view sqlstate;
    std::string text;
  };
  std::optional<Refusal> refuses(std::string_view name, std::string_view value) const;

  void set(std::string_view name, std::string_view value, bool local);
  void set_default(std::string_view name, bool local);
  void reset(std::string_view name) { set_default(name, false); }
  void reset_all();

  void begin();  // a transaction, where none is open
  void commit();
  void rollback();
  void savepoint(const std::string& name);
  bool release(std::string_view name);
  bool rollback_to(std::string_view name);

  std::string value(std::string_view name) const;
  // What pg_settings shows with source = 'session'.
  const Values& session() const { return current_.session; }
  // Every setting's value, as a row shows them.
  std::string text() const;
  // Parameters to report to the client, whose values it may not know yet.
  Values changed_reports();

 private:
  struct State {
    Values session;    // SET
    Values effective;  // SET and SET LOCAL
  };
  struct Savepoint {
    std::string name;
    State state;
  };

  Values defaults_;
  State current_;
  State before_;  // the transaction
  bool open_ = false;
  std::vector<Savepoint> savepoints_;
  Values reported_;
};

// Who the session is: not what pg_settings lists, nor what RESET ALL takes back.
bool is_identity(std::string_view name);

// SQL's names are without case.
std::string lower(std::string_view text);

}  // namespace weir::sim
