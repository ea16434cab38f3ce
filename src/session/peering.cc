#include "session/peering.h"

#include <fmt/format.h>

#include <algorithm>

#include "session/cancel_key.h"
#include "session/engine.h"

namespace weir::session {

using pool::ServerState;

bool Peering::is_foreign(std::uint64_t key) const {
  const int own = engine_.config_->settings.peer_id;
  const int peer = cancel_key::peer(key);
  return own != 0 && peer != 0 && peer != own;
}

Peering::Peer& Peering::peer(int id) {
  const std::string name = fmt::format("peer-{}", id);
  return peers_.try_emplace(id, engine_.ledger_, engine_.ledger_.pool(name, ""), engine_.worker_)
      .first->second;
}

void Peering::forward(Client& asker, std::uint64_t key, std::string_view rest, Instant now,
                      Effects& out) {
  const int id = cancel_key::peer(key);
  if (!engine_.config_->peers.contains(id) || cancel_key::hops(key) == 0) {
    ++engine_.tally_.cancels[stats::Cancel::Nothing];
    engine_.drop_client(asker, ClientEnd::CancelRequest, "failed cancel request", now, out);
    return;
  }
  Peer& to = peer(id);
  to.waiting.push_back({asker.id, key - 1, std::string(rest)});  // the hops are its low bits
  send_waiting(id, to, now, out);
}

void Peering::send_waiting(int id, Peer& to, Instant now, Effects& out) {
  const auto entry = engine_.config_->peers.find(id);
  while (!to.waiting.empty()) {
    const Request request = std::move(to.waiting.front());
    Client* asker = engine_.client(request.asker);
    if (asker == nullptr || entry == engine_.config_->peers.end()) {
      to.waiting.pop_front();
      if (asker == nullptr) continue;
      ++engine_.tally_.cancels[stats::Cancel::Nothing];
      engine_.drop_client(*asker, ClientEnd::CancelRequest, "failed cancel request", now, out);
      continue;
    }
    const int most =
        entry->second.pool_size.value_or(engine_.config_->settings.default_pool_size);
    if (!to.room.account().servers.take(std::max(1, most))) {
      to.waiting.front() = request;
      return;
    }
    to.waiting.pop_front();
    connect(entry->second, to, request, now, out);
  }
}

void Peering::connect(const config::Peer& entry, Peer& to, const Request& request, Instant now,
                      Effects& out) {
  ++engine_.tally_.cancels[stats::Cancel::Forwarded];
  Server& carrier = engine_.servers_.emplace();
  carrier.number = engine_.ledger_.next_number();
  carrier.endpoint.host = entry.hosts[to.room.next_host++ % entry.hosts.size()];
  carrier.endpoint.port = entry.port;
  carrier.pid = static_cast<std::uint32_t>(request.key >> 32);
  std::uint8_t word[4];
  store_u32(word, static_cast<std::uint32_t>(request.key));
  carrier.cancel_key = std::string(as_text(word)) + request.rest;
  carrier.cancel_asker = request.asker;
  carrier.phase = ServerPhase::Canceling;
  carrier.connected = now;
  to.room.move(carrier, ServerState::Cancel, now);
  out.connect(carrier.id);
}

void Peering::ended(const pool::Pool& pool, Instant now, Effects& out) {
  for (auto& [id, to] : peers_) {
    if (&to.room != &pool) continue;
    to.room.account().servers.give();
    send_waiting(id, to, now, out);
    return;
  }
}

void Peering::in_vain(const Letter& request, Instant now, Effects& out) {
  if (has_predecessor && !engine_.cancel_keys_.contains(request.cancel_key)) {
    ++engine_.tally_.cancels[stats::Cancel::Forwarded];
    out.post(engine_.ledger_.workers(), request);
  } else if (request.from != engine_.worker_) {
    engine_.cancel_answer(request.client, static_cast<int>(request.from), now, out);
  } else {
    engine_.client_closed(request.client, "failed cancel request", now, out);
  }
}

void Peering::tick(Instant now, Effects& out) {
  for (auto& [id, to] : peers_) {
    engine_.cancel_timeouts(to.room, now, out);
    send_waiting(id, to, now, out);  // another worker may have ended one
  }
}

std::vector<PeerPoolRow> Peering::rows() const {
  std::vector<PeerPoolRow> out;
  for (const auto& [id, to] : peers_) {
    PeerPoolRow row{.id = id, .cl_waiting_cancel_req = to.waiting.size()};
    const auto& carriers = to.room.servers(ServerState::Cancel);
    for (const auto* s = carriers.front(); s != nullptr; s = pool::ServerList::next(*s)) {
      if (static_cast<const Server*>(s)->local_address.empty()) {
        ++row.sv_login;
      } else {
        ++row.sv_active_cancel;
      }
    }
    row.cl_active_cancel_req = carriers.size();
    out.push_back(row);
  }
  return out;
}

}  // namespace weir::session
