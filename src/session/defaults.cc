#include "session/defaults.h"

#include "sql/quote.h"
#include "sql/resets.h"

namespace weir::session {

namespace {

// RESET ALL leaves alone who the session is.
bool concerns(const sql::Reset& reset, std::string_view name) {
  return reset.all ? name != "role" && name != "session_authorization" : name == reset.name;
}

}  // namespace

std::string restoring_sql(const Client& c, const Server& s, std::string_view text, Within within) {
  const Room& room = static_cast<const Room&>(*s.pool);
  if (c.startup->values.empty() || room.session_state == config::SessionState::Pgbouncer)
    return {};
  const auto reset = sql::parse_reset(text);
  if (!reset) return {};
  // Outside a transaction it changes nothing, and must warn as it does alone.
  const bool in_block = s.status == 'T' && !s.owes_ready();
  if (reset->local && within == Within::Query && !in_block) return {};
  std::string sql;
  for (const auto& [name, value] : c.startup->values) {
    if (!concerns(*reset, name)) continue;
    sql += sql.empty() ? "SELECT pg_catalog.set_config(" : ",pg_catalog.set_config(";
    sql::append_literal(sql, name);
    sql += ',';
    sql::append_literal(sql, value);
    sql += reset->local ? ",true)" : ",false)";
  }
  return sql;
}

}  // namespace weir::session
