#include "runtime/stray_cancels.h"

#include <utility>
#include <vector>

#include "session/cancel_key.h"

namespace weir::runtime {

void StrayCancels::unknown_here(const ControlMessage& message) {
  std::uint32_t number = message.client.index;  // as of_successor() has given it
  if (message.from != successor_s()) {
    number = next_++;
    askers_[number] = {.worker = message.from, .client = message.client};
  }
  const auto asker = askers_.find(number);
  if (asker == askers_.end()) return;
  if (!predecessor_) return over(number);
  asker->second.passed_back = true;
  StrayCancel stray = std::get<StrayCancel>(*message.record);
  stray.number = number;
  predecessor_->send(stray);
}

void StrayCancels::of_successor(StrayCancel stray) {
  const std::uint32_t number = next_++;
  askers_[number] = {.worker = successor_s(), .client = {stray.number, 0}};
  const unsigned owner = session::cancel_key::worker(stray.key) % successor_s();
  shared_.workers[owner]->post({.kind = WorkerMessage::Kind::Letter,
                                .letter = {.kind = session::Letter::Kind::Cancel,
                                           .from = successor_s(), .cancel_key = stray.key,
                                           .cancel_rest = std::move(stray.rest),
                                           .client = {number, 0}}});
}

void StrayCancels::over(std::uint32_t number) {
  const auto found = askers_.find(number);
  if (found == askers_.end()) return;
  const Asker asker = found->second;
  askers_.erase(found);
  if (asker.worker == successor_s()) {
    successor_.send(StrayOver{.number = asker.client.index}, {});
    return;
  }
  shared_.workers[asker.worker]->post({.kind = WorkerMessage::Kind::Letter,
                                       .letter = {.kind = session::Letter::Kind::CancelDone,
                                                  .from = successor_s(),
                                                  .client = asker.client}});
}

void StrayCancels::predecessor_has_ended() {
  std::vector<std::uint32_t> lost;
  for (const auto& [number, asker] : askers_)
    if (asker.passed_back) lost.push_back(number);
  for (const std::uint32_t number : lost) over(number);
}

}  // namespace weir::runtime
