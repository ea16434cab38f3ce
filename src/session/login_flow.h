// A client's login outside the exchange of auth::ClientLogin: which method it has, those that
// others decide (certificates, the system, PAM, LDAP), and what becomes of a failed one.
#pragma once

#include "session/engine.h"

namespace weir::session {

// Made for one event and forgotten. After a verdict the client may be gone.
struct Engine::LoginFlow {
  Engine& engine;
  Client& c;
  Instant now;
  Effects& out;

  void choose_method();
  void begin();
  // The payload of a 'p' message, when there is no exchange.
  void password(Bytes payload);
  void verdict(const auth::Verdict& verdict);
  // Counts, logs, and tells the client after auth_failure_delay; no text: the fault's own.
  void fail(Fault fault, std::string_view text = {});

 private:
  void ask(auth::Question::Kind kind);
  void check_certificate();
  void check_peer();
  bool has_own_console() const;
  bool is_known() const;
};

}  // namespace weir::session
