#include "runtime/predecessor.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include "net/passing.h"

namespace weir::runtime {

namespace {

constexpr int kPatienceMs = 10'000;

}  // namespace

Result<std::unique_ptr<Predecessor>> Predecessor::find(const std::string& path) {
  auto fd = net::connect_unix(path);
  if (!fd)
    return fail(fmt::format("no process to take over from ({}): start without -R",
                            fd.error().text));
  const auto owner = net::peer_uid(fd->get());
  if (!owner || *owner != ::geteuid())
    return fail(fmt::format("cannot take over: {} is another user's", path));
  std::unique_ptr<Predecessor> found(new Predecessor(std::move(*fd)));
  if (auto ok = found->receive_listeners(); !ok) return std::unexpected(ok.error());
  return found;
}

Result<void> Predecessor::receive_listeners() {
  link_.send(Hello{});
  std::vector<TakeoverLink::Received> received;
  bool greeted = false;
  for (;;) {
    pollfd state{.fd = link_.fd(), .events = POLLIN, .revents = 0};
    if (::poll(&state, 1, kPatienceMs) != 1)
      return fail("cannot take over: the running process does not answer");
    received.clear();
    link_.receive(received);
    for (TakeoverLink::Received& next : received) {
      if (auto* listener = std::get_if<PassedListener>(&next.record)) {
        listeners_.adopt(*listener, std::move(next.fd));
      } else if (auto* share = std::get_if<Share>(&next.record)) {
        early_.push_back(std::move(*share));
      } else if (const auto* hello = std::get_if<Hello>(&next.record)) {
        if (hello->version != kTakeoverVersion)
          return fail("cannot take over: the running process speaks another version of this");
        generation_ = hello->generation + 1;
        if (greeted) return {};  // after the sockets
        greeted = true;
      }
    }
    if (link_.over()) return fail("cannot take over: the running process does not let go now");
  }
}

void Predecessor::begin(Shared& shared) {
  shared_ = &shared;
  for (const Share& share : std::exchange(early_, {}))
    shares_.heard(shared.ledger.pool(share.database, share.user), share.change);
  link_.send(Ready{});
}

std::vector<ConsoleState> Predecessor::on_event() {
  link_.flush();
  std::vector<TakeoverLink::Received> received;
  link_.receive(received);
  for (TakeoverLink::Received& next : received) take(std::move(next));
  if (link_.over()) shares_.forget();
  return std::exchange(states_, {});
}

void Predecessor::take(TakeoverLink::Received received) {
  unsigned worker = 0;
  const unsigned workers = static_cast<unsigned>(shared_->workers.size());
  if (auto* state = std::get_if<ConsoleState>(&received.record)) {
    states_.push_back(std::move(*state));
    return;
  }
  const auto account = [this](const auto& names) -> pool::PoolAccount& {
    return shared_->ledger.pool(names.database, names.user);
  };
  if (const auto* share = std::get_if<Share>(&received.record))
    return shares_.heard(account(*share), share->change);
  if (const auto* over = std::get_if<StrayOver>(&received.record)) {
    over_.push_back(*over);
    return;
  }
  if (const auto* client = std::get_if<session::ClientParcel>(&received.record)) {
    worker = session::Takeover::home(*client, workers);
    shared_->load[worker].fetch_add(1, std::memory_order_relaxed);
  } else if (const auto* server = std::get_if<session::TravellingServer>(&received.record)) {
    shares_.came_over(account(*server));
    worker = server->worker % workers;
  } else if (const auto* pool = std::get_if<session::PoolKnowledge>(&received.record)) {
    for (auto& each : shared_->workers)
      each->post({.kind = WorkerMessage::Kind::Arrive,
                  .record = std::make_unique<Record>(*pool)});
    return;
  } else {
    return;
  }
  shared_->workers[worker]->post({.kind = WorkerMessage::Kind::Arrive, .fd = std::move(received.fd),
                                  .record = std::make_unique<Record>(std::move(received.record))});
}

}  // namespace weir::runtime
