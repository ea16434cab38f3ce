#include "takeover.h"

#include <algorithm>

#include "session/cancel_key.h"

namespace weir::sim {

namespace {

constexpr Duration kTell = std::chrono::milliseconds(100);

}  // namespace

void Takeover::begin() {
  world_.trace("a process takes over");
  from_.successor = this;
  to_.inherits = true;
  to_.predecessor = this;
  tell_shares();
  for (const auto& worker : from_.workers)
    world_.after(delay(), [&worker] { worker->begin_departing(); });
}

void Takeover::tell_shares() {
  from_.ledger.for_each_pool([this](const pool::PoolAccount& pool) { tell_share(pool); });
  world_.after(kTell, [this] { tell_shares(); });
}

void Takeover::tell_share(const pool::PoolAccount& pool) {
  const int change = told_.change(pool);
  if (change != 0) post(Share{pool.database.name, pool.user.name, change}, nullptr);
}

void Takeover::send(Record record, std::shared_ptr<Cable> cable) {
  if (const auto* server = std::get_if<session::TravellingServer>(&record)) {
    pool::PoolAccount& pool = from_.ledger.pool(server->database, server->user);
    tell_share(pool);
    told_.gone_over(pool);
  }
  post(std::move(record), std::move(cable));
}

void Takeover::pass_back(const session::Letter& request) {
  world_.trace("a cancel is passed back");
  const auto workers = static_cast<unsigned>(from_.workers.size());
  const ClientId number{static_cast<std::uint32_t>(askers_.size()), 0};
  askers_.emplace_back(request.from, request.client);
  const session::Letter letter{.kind = session::Letter::Kind::Cancel, .from = workers,
                               .cancel_key = request.cancel_key,
                               .cancel_rest = request.cancel_rest, .client = number};
  Worker& owner = *from_.workers[session::cancel_key::worker(request.cancel_key) % workers];
  world_.after(delay(), [&owner, letter] { owner.mail(letter); });
}

void Takeover::passed_back_is_over(ClientId number) {
  const auto [worker, client] = askers_[number.index];
  const session::Letter letter{.kind = session::Letter::Kind::CancelDone,
                               .from = static_cast<unsigned>(to_.workers.size()),
                               .client = client};
  Worker& asked = *to_.workers[worker];
  world_.after(delay(), [&asked, letter] { asked.mail(letter); });
}

Duration Takeover::delay() { return Duration{world_.random.between(1, from_.letter_delay_us_max)}; }

void Takeover::post(Record record, std::shared_ptr<Cable> cable) {
  last_ = std::max(last_ + Duration{1}, world_.now() + delay());
  const auto sealed = std::make_shared<Record>(std::move(record));
  world_.after(last_ - world_.now(), [this, sealed, cable] { come(*sealed, cable); });
}

// On the successor's control thread, which passes it on to a worker.
void Takeover::come(const Record& record, const std::shared_ptr<Cable>& cable) {
  const auto workers = static_cast<unsigned>(to_.workers.size());
  if (const auto* share = std::get_if<Share>(&record)) {
    to_.elsewhere.heard(to_.ledger.pool(share->database, share->user), share->change);
  } else if (const auto* pool = std::get_if<session::PoolKnowledge>(&record)) {
    for (const auto& worker : to_.workers) worker->arrive(*pool);
  } else if (const auto* client = std::get_if<session::ClientParcel>(&record)) {
    to_.workers[session::Takeover::home(*client, workers)]->arrive(*client, cable);
  } else if (const auto* server = std::get_if<session::TravellingServer>(&record)) {
    to_.elsewhere.came_over(to_.ledger.pool(server->database, server->user));
    to_.workers[server->worker % workers]->arrive(*server, cable);
  }
}

}  // namespace weir::sim
