// A client of the admin console: its login, and its commands, which the runtime carries out.
#include "session/engine.h"
#include "session/welcome.h"
#include "wire/message.h"

namespace weir::session {

void Engine::enter_console(Client& c, Instant now, Effects& out) {
  const std::string& user = c.login->startup.user;
  const bool admin = c.login->own_console || config_->is_admin(user);
  if (!admin && !config_->is_stats(user)) {
    refuse(c, Fault::NotAllowed, "", now, out);
    return;
  }
  arriving_.remove(c);
  consoles_.push_back(c);
  c.phase = ClientPhase::Console;
  c.login.reset();
  c.console = std::make_unique<ConsoleSession>(admin, config_->weir.strict);
  wire::append_authentication(scratch_, wire::authentication::kOk);
  append_console_parameters(scratch_);
  wire::Writer(scratch_, wire::be::kBackendKeyData).u32(0).u32(0);
  append_welcome_end(scratch_, config_->settings);
  ++tally_.console.client_login_count;
  out.send(c.id, scratch_);
  scratch_.clear();
  out.read(c.id);
}

void Engine::console_bytes(Client& c, Bytes& in, Instant now, Effects& out) {
  using Kind = ConsoleSession::Step::Kind;
  const ClientId id = c.id;
  while (client(id) != nullptr && !c.console->busy()) {
    const wire::Piece piece = c.framer.next(in);
    if (piece.kind == wire::Piece::Kind::None) return;
    if (!piece.whole()) {
      refuse(c, Fault::BadPacket, "bad packet", now, out);
      return;
    }
    ConsoleSession::Step step = c.console->take(piece.message(), scratch_);
    out.send(id, scratch_);
    scratch_.clear();
    switch (step.kind) {
      case Kind::Go: break;
      case Kind::Run:
        if (step.command.stage == ConsoleCommand::Stage::Run) {
          ++tally_.console.query_count;
          ++tally_.console.xact_count;
        }
        out.console(id, std::move(step.command));
        break;
      case Kind::Leave:
        drop_client(c, ClientEnd::Closed, "client close request", now, out);
        break;
      case Kind::Refuse: refuse(c, Fault::BadPacket, "bad packet", now, out); break;
    }
  }
}

void Engine::console_reply(ClientId id, Bytes answer, Effects& out) {
  Client* c = client(id);
  if (c == nullptr || c->phase != ClientPhase::Console || !c->console->busy()) return;
  c->console->reply(answer, scratch_);
  out.send(id, scratch_);
  scratch_.clear();
  out.read(id);
}

}  // namespace weir::session
