// Cancel requests. PostgreSQL's have no acknowledgement but the end of their connection, so a
// server with one in flight goes to nobody until that connection has ended.
#include <algorithm>

#include "auth/digest.h"
#include "base/check.h"
#include "session/cancel_key.h"
#include "session/engine.h"
#include "wire/message.h"

namespace weir::session {

using pool::ServerState;
using stats::Cancel;

namespace {

// The pid and the first 4 bytes of the key; protocol 3.2 has longer keys.
std::uint64_t load_key(std::uint32_t pid, std::string_view key) {
  return (std::uint64_t{pid} << 32) | load_u32(as_bytes(key).data());
}

constexpr std::size_t kShortKey = 4;
constexpr std::size_t kLongKey = 32;  // as PostgreSQL 18 makes them

}  // namespace

void Engine::make_cancel_key(Client& c) {
  do {
    c.cancel_key = cancel_key::make(random_, worker_, config_->settings.peer_id);
  } while (!cancel_keys_.try_emplace(c.cancel_key, c.id).second);
  if (!c.protocol32) return;
  c.cancel_rest = std::make_unique<std::string>(kLongKey - kShortKey, '\0');
  random_.fill({reinterpret_cast<std::uint8_t*>(c.cancel_rest->data()), c.cancel_rest->size()});
}

// `asker` has sent nothing but this and gets no answer: its connection is closed when the cancel
// has been carried out.
void Engine::cancel_request(Client& asker, const wire::Startup& startup, Instant now,
                            Effects& out) {
  ++tally_.cancels[Cancel::Asked];
  asker.phase = ClientPhase::Cancel;
  std::uint64_t key = load_key(startup.cancel_pid, startup.cancel_key);
  const std::string rest = startup.cancel_key.substr(kShortKey);
  if (peering_.is_foreign(key)) {
    peering_.forward(asker, key, rest, now, out);
    return;
  }
  if (config_->settings.peer_id != 0) key = cancel_key::home(key);
  const unsigned owner = cancel_key::worker(key) % ledger_.workers();
  const Letter request{.kind = Letter::Kind::Cancel, .from = worker_, .cancel_key = key,
                       .cancel_rest = rest, .client = asker.id};
  if (owner != worker_) {
    out.post(owner, request);
  } else if (!cancel_client({key, rest}, asker.id, -1, now, out)) {
    peering_.in_vain(request, now, out);
  }
}

bool Server::has_own_request() const {
  if (requests.empty()) return false;
  const Request& head = requests.front();
  return head.whose == Request::For::Client || !ends_with_ready(head.kind);
}

// A client in the queue: its request never reaches a server.
void Engine::cancel_waiting(Client& c, Instant now, Effects& out) {
  ++tally_.cancels[Cancel::Waiting];
  c.canceled = true;
  room_of(c).move(c, pool::ClientState::Idle, now);
  out.read(c.id);
}

// Answers the request that was canceled in the queue as PostgreSQL answers a canceled one.
void Engine::answer_canceled(Client& c, const wire::Piece& piece, Effects& out) {
  namespace fe = wire::fe;
  const bool simple = piece.type == fe::kQuery || piece.type == fe::kFunctionCall;
  if (!c.told_canceled && piece.type != fe::kSync) {
    tally_.pooler_errors.count("57014");
    wire::append_error(scratch_, {.sqlstate = "57014",
                                  .message = "canceling statement due to user request"});
  }
  c.told_canceled = true;
  if (simple || piece.type == fe::kSync) {
    wire::append_ready(scratch_, 'I');
    c.canceled = c.told_canceled = false;
  }
  out.send(c.id, scratch_);
  scratch_.clear();
}

// False where there is nothing to cancel on a server.
bool Engine::cancel_client(CancelKey key, ClientId asker, int asker_worker, Instant now,
                           Effects& out) {
  const auto found = cancel_keys_.find(key.first8);
  Client* c = found == cancel_keys_.end() ? nullptr : client(found->second);
  const std::string_view rest =
      c != nullptr && c->cancel_rest ? std::string_view(*c->cancel_rest) : "";
  const bool meant = c != nullptr && auth::equal_secrets(as_bytes(rest), as_bytes(key.rest));
  if (meant && c->state == pool::ClientState::Waiting && c->phase == ClientPhase::Ready) {
    cancel_waiting(*c, now, out);
    return false;
  }
  // While settings are being applied for it, the client's own query has not begun.
  if (!meant || c->server == nullptr || !c->server->has_own_request()) {
    ++tally_.cancels[Cancel::Nothing];
    return false;
  }
  start_cancel(*c->server, asker, asker_worker, now, out);
  return true;
}

void Engine::start_cancel(Server& target, ClientId asker, int asker_worker, Instant now,
                          Effects& out) {
  Room& room = room_of(target);
  if (room.servers(ServerState::Cancel).size() >=
      static_cast<std::size_t>(2 * room.limits().pool_size + 8)) {
    ++tally_.cancels[Cancel::Lost];
    cancel_answer(asker, asker_worker, now, out);
    return;
  }
  ++tally_.cancels[Cancel::Sent];
  Server& carrier = servers_.emplace();
  carrier.number = ledger_.next_number();
  carrier.endpoint = target.endpoint;
  carrier.pid = target.pid;
  carrier.cancel_key = target.cancel_key;
  carrier.cancel_target = target.id;
  carrier.cancel_asker = asker;
  carrier.cancel_asker_worker = asker_worker;
  carrier.phase = ServerPhase::Canceling;
  carrier.connected = now;
  room.move(carrier, ServerState::Cancel, now);
  ++target.cancels;
  out.connect(carrier.id);
}

// The server has closed the cancel's connection: it has done what it will do.
void Engine::cancel_over(Server& carrier, Instant now, Effects& out) {
  const ServerId target_id = carrier.cancel_target;
  const ClientId asker = carrier.cancel_asker;
  const int asker_worker = carrier.cancel_asker_worker;
  const pool::Pool& pool = *carrier.pool;
  close_server(carrier, ServerEnd::CancelRequest, now, out);
  cancel_answer(asker, asker_worker, now, out);
  if (!target_id.valid()) peering_.ended(pool, now, out);
  Server* target = server(target_id);
  if (target == nullptr) return;
  ASSERT(target->cancels > 0);
  --target->cancels;
  if (target->cancels > 0) return;
  if (target->rescue != Rescue::None) {
    continue_rescue(*target, now, out);
  } else if (target->state == ServerState::BeingCanceled) {
    free_server(*target, now, out);
  } else if (target->state == ServerState::Active) {
    after_traffic(*target, now, out);
  }
}

// Closes the connection that asked for a cancel, on whichever worker it is.
void Engine::cancel_answer(ClientId asker, int asker_worker, Instant now, Effects& out) {
  if (asker_worker >= 0) {
    out.post(static_cast<unsigned>(asker_worker),
             {.kind = Letter::Kind::CancelDone, .from = worker_,
              .client = asker});
  } else if (Client* c = client(asker)) {
    drop_client(*c, ClientEnd::CancelRequest, "cancel request done", now, out);
  }
}

}  // namespace weir::session
