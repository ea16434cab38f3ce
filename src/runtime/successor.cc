#include "runtime/successor.h"

#include <unistd.h>

#include "net/socket.h"
#include "runtime/service_manager.h"

namespace weir::runtime {

void Successor::accept(net::Loop& loop, std::uint64_t token) {
  for (;;) {
    net::Address peer;
    int error = 0;
    auto fd = net::accept_one(listeners_.control(), peer, error);
    if (!fd) return;
    const auto owner = net::peer_uid(fd->get());
    if (up_ || (link_ && !link_->over()) || !owner || *owner != ::geteuid()) continue;
    link_ = std::make_unique<TakeoverLink>(std::move(*fd));
    told_ = {};  // one that came before it may not have lived
    (void)loop.add(link_->fd(), token);
  }
}

bool Successor::on_event() {
  if (!link_) return false;
  link_->flush();
  std::vector<TakeoverLink::Received> received;
  link_->receive(received);
  for (const TakeoverLink::Received& next : received) {
    if (const auto* hello = std::get_if<Hello>(&next.record)) {
      if (hello->version == kTakeoverVersion) {
        give_listeners();
      } else {
        link_->send(Hello{.generation = generation_});
      }
    } else if (const auto* stray = std::get_if<StrayCancel>(&next.record)) {
      strays_.push_back(*stray);
    } else if (std::holds_alternative<Goodbye>(next.record)) {
      goodbye_ = true;
    } else if (std::holds_alternative<Ready>(next.record) && !up_) {
      return up_ = true;
    }
  }
  return false;
}

void Successor::give_listeners() {
  link_->send(Hello{.generation = generation_});
  for (auto& [listener, fd] : listeners_.copies()) link_->send(listener, std::move(fd));
  tell_shares();
  link_->send(Hello{.generation = generation_});
}

void Successor::begin(const ConsoleState& state) {
  listeners_.own_files(false);
  if (const auto pid = net::peer_pid(link_->fd())) notify_successor(*pid);
  link_->send(state);
  tell_shares();
  for (auto& worker : shared_.workers) worker->post({.kind = WorkerMessage::Kind::Depart});
}

void Successor::send(Record record, net::Fd fd) {
  if (const auto* server = std::get_if<session::TravellingServer>(&record)) {
    pool::PoolAccount& pool = shared_.ledger.pool(server->database, server->user);
    tell_share(pool);  // the successor must count a connection before it comes
    told_.gone_over(pool);
  }
  link_->send(record, std::move(fd));
}

// How many server connections each pool has here, as far as that has changed.
void Successor::tell_shares() {
  shared_.ledger.for_each_pool([this](const pool::PoolAccount& pool) { tell_share(pool); });
}

void Successor::tell_share(const pool::PoolAccount& pool) {
  const int change = told_.change(pool);
  if (change == 0) return;
  link_->send(Share{.database = pool.database.name, .user = pool.user.name, .change = change});
}

}  // namespace weir::runtime
