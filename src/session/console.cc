// A client of the admin console: its login, and its commands, which the runtime carries out.
#include <algorithm>

#include "session/engine.h"
#include "wire/message.h"

namespace weir::session {

void Engine::enter_console(Client& c, Instant now, Effects& out) {
  const std::string& user = c.login->startup.user;
  c.admin = c.login->own_console || config_->is_admin(user);
  if (!c.admin && !config_->is_stats(user)) {
    refuse(c, Fault::NotAllowed, "", now, out);
    return;
  }
  arriving_.remove(c);
  consoles_.push_back(c);
  c.phase = ClientPhase::Console;
  c.login.reset();
  wire::append_authentication(scratch_, wire::authentication::kOk);
  constexpr std::pair<std::string_view, std::string_view> kParameters[] = {
      {"server_version", "1.26.1/bouncer"}, {"client_encoding", "UTF8"},
      {"server_encoding", "UTF8"},          {"DateStyle", "ISO"},
      {"TimeZone", "GMT"},                  {"standard_conforming_strings", "on"},
      {"is_superuser", "on"}};
  for (const auto& [name, value] : kParameters)
    wire::append_parameter_status(scratch_, name, value);
  wire::Writer(scratch_, wire::be::kBackendKeyData).u32(0).u32(0);
  wire::append_ready(scratch_, 'I');
  out.send(c.id, scratch_);
  scratch_.clear();
  out.read(c.id);
}

void Engine::console_bytes(Client& c, Bytes& in, Instant now, Effects& out) {
  const ClientId id = c.id;
  while (client(id) != nullptr && !c.busy) {
    const wire::Piece piece = c.framer.next(in);
    if (piece.kind == wire::Piece::Kind::None) return;
    if (piece.kind == wire::Piece::Kind::Head && piece.type == wire::fe::kTerminate) {
      drop_client(c, "client close request", now, out);
    } else if (piece.whole() && piece.type == wire::fe::kQuery) {
      c.busy = true;
      out.console(id, c.admin, Reader(piece.message().body).cstr());
    } else {
      wire::append_error(scratch_, {.sqlstate = "0A000",
                                    .message = "extended query protocol not supported by admin "
                                               "console",
                                    .hint = "Use simple queries: psql, or a driver's simple "
                                            "protocol mode."});
      out.send(id, scratch_);
      scratch_.clear();
      refuse(c, Fault::BadPacket, "bad packet", now, out);
    }
  }
}

void Engine::console_reply(ClientId id, Bytes bytes, Effects& out) {
  Client* c = client(id);
  if (c == nullptr || c->phase != ClientPhase::Console) return;
  c->busy = false;
  out.send(id, bytes);
  out.read(id);
}

}  // namespace weir::session
