// A worker's part of an online restart, by the contract of the real one.
#include "base/bytes.h"
#include "takeover.h"
#include "worker.h"

namespace weir::sim {

void Worker::begin_departing() {
  departing_ = true;
  for (session::PoolKnowledge& pool : takeover_.knowledge()) site_.successor->send(std::move(pool));
  sweep();
}

void Worker::sweep() {
  for (const Connection& c : takeover_.resting(world_.now())) {
    if (c.side == Connection::Side::Client) {
      depart_client(c);
    } else {
      depart_server(c);
    }
  }
}

void Worker::depart_client(Connection c) {
  const SocketPtr socket = find(c);
  if (!socket || socket->closing || socket->cable->broken(socket->end)) return;
  auto parcel = takeover_.depart(c.client());
  if (!parcel) return;
  --clients_ever_;
  parcel->unsent = socket->unsent;
  sockets_.erase(key(c));
  socket->cable->on_wake(socket->end, {});
  site_.successor->send(std::move(*parcel), socket->cable);
}

void Worker::depart_server(Connection c) {
  const SocketPtr socket = find(c);
  if (!socket || socket->closing || !socket->unsent.empty() ||
      socket->cable->broken(socket->end))
    return;
  auto server = takeover_.depart(c.server(), world_.now());
  if (!server) return;
  sockets_.erase(key(c));
  socket->cable->on_wake(socket->end, {});
  site_.successor->send(std::move(*server), socket->cable);
}

void Worker::arrive(const session::PoolKnowledge& pool) {
  takeover_.learn(pool, world_.now(), out_);
  perform();
}

void Worker::arrive(const session::ClientParcel& client, std::shared_ptr<Cable> cable) {
  ++clients_ever_;
  const ClientId id = takeover_.arrive(client, world_.now(), out_);
  auto socket = std::make_shared<Socket>();
  socket->id = id;
  socket->cable = std::move(cable);
  socket->end = 1;
  socket->unsent = client.unsent;
  attach(socket);
  socket->cable->wake_soon(socket->end);
  perform();
}

void Worker::arrive(const session::TravellingServer& server, std::shared_ptr<Cable> cable) {
  const ServerId id = takeover_.arrive(server, world_.now(), out_);
  if (!id.valid()) {
    cable->finish(0);
    return perform();
  }
  auto socket = std::make_shared<Socket>();
  socket->id = id;
  socket->cable = std::move(cable);
  attach(socket);
  socket->cable->wake_soon(socket->end);
  perform();
}

}  // namespace weir::sim
