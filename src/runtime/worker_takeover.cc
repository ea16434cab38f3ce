// A worker's part of an online restart: what is at rest leaves for the successor, what comes from a
// predecessor is taken in. TLS stays: its keys and counters live in this process.
#include "base/check.h"
#include "runtime/worker.h"

namespace weir::runtime {

// New connections are the successor's; those in its mailboxes are still ours to serve.
void Worker::begin_departing() {
  departing_ = true;
  for (const Listener& listener : listeners_)
    if (listener.fd >= 0) loop_->remove(listener.fd);
  listeners_.clear();
  for (session::PoolKnowledge& pool : takeover_.knowledge()) to_successor(std::move(pool), {});
  sweep();
}

void Worker::sweep() {
  for (const session::Connection& c : takeover_.resting(now_)) {
    if (c.side == Side::Client) {
      depart(c.client());
    } else {
      depart(c.server());
    }
  }
}

// Its client first, so that the server finds nobody here who waits for it.
void Worker::depart_after(std::optional<session::Connection> client, ServerId server) {
  if (client) depart(client->client());
  depart(server);
}

void Worker::depart(ClientId id) {
  Socket* s = socket(id);
  if (s == nullptr || !s->fd.valid() || s->tls || s->broken || s->ended) return;
  std::optional<session::ClientParcel> parcel = takeover_.depart(id);
  if (!parcel) return;
  parcel->unsent = as_text(s->outbox.pending());
  shared_.load[index_].fetch_sub(1, std::memory_order_relaxed);
  loop_->remove(s->fd.get());
  to_successor(std::move(*parcel), std::move(s->fd));
  *s = Socket();
  s->generation = ~std::uint32_t{0};
}

void Worker::depart(ServerId id) {
  Socket* s = socket(id);
  if (s == nullptr || !s->fd.valid() || s->tls || s->broken || s->ended || !s->outbox.empty())
    return;
  std::optional<session::TravellingServer> travelling = takeover_.depart(id, now_);
  if (!travelling) return;
  loop_->remove(s->fd.get());
  to_successor(std::move(*travelling), std::move(s->fd));
  *s = Socket();
  s->generation = ~std::uint32_t{0};
}

void Worker::to_successor(Record record, net::Fd fd) {
  ControlMessage message{.kind = ControlMessage::Kind::Departed, .from = index_,
                         .record = std::make_unique<Record>(std::move(record)),
                         .fd = std::move(fd)};
  // Nothing may be lost, and the control thread waits for nobody.
  while (shared_.control.push(std::move(message)) == net::Push::kFull)
    shared_.control_notifier->notify();
  shared_.control_notifier->notify();
}

void Worker::arrive(WorkerMessage& message) {
  if (const auto* pool = std::get_if<session::PoolKnowledge>(message.record.get())) {
    takeover_.learn(*pool, now_, effects_);
    perform();
  } else if (const auto* client = std::get_if<session::ClientParcel>(message.record.get())) {
    const ClientId id = takeover_.arrive(*client, now_, effects_);
    Socket& s = open_socket(id, std::move(message.fd));
    s.outbox.append(as_bytes(client->unsent));
    perform();
  } else if (const auto* server = std::get_if<session::TravellingServer>(message.record.get())) {
    const ServerId id = takeover_.arrive(*server, now_, effects_);
    if (id.valid()) open_socket(id, std::move(message.fd)).readable = true;
    perform();
  }
}

}  // namespace weir::runtime
