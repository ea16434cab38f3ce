#include "network.h"

#include <algorithm>

namespace weir::sim {

Instant Cable::next_arrival(Direction& d) {
  const Duration delay{world_.random.between(1, weather_.delay_us_max)};
  d.last = std::max(d.last + Duration{1}, world_.now() + delay);
  return d.last;
}

std::size_t Cable::write(int end, std::string_view bytes) {
  Direction& d = to_[static_cast<std::size_t>(1 - end)];
  if (d.finished || d.broken || to_[static_cast<std::size_t>(end)].broken) return bytes.size();
  const std::size_t room = weather_.window - std::min(weather_.window, d.bytes.size());
  const std::size_t taken = std::min(room, bytes.size());
  d.full = taken < bytes.size();
  d.bytes += bytes.substr(0, taken);
  for (std::size_t left = taken; left > 0;) {
    std::size_t piece = left;
    if (weather_.byte_by_byte && taken < 300) {
      piece = 1;
    } else if (world_.random.percent(weather_.cut_percent)) {
      piece = std::min(left, taken / 10 + 1 + world_.random.below(left));
    }
    left -= piece;
    world_.after(next_arrival(d) - world_.now(), [self = shared_from_this(), end, piece] {
      self->deliver(1 - end, piece);
    });
  }
  return taken;
}

void Cable::deliver(int end, std::size_t size) {
  Direction& d = to_[static_cast<std::size_t>(end)];
  if (d.broken) return;
  if (d.closed) return reset(end);
  d.arrived += size;
  wake(end);
}

// A copy is called, since its owner may replace it meanwhile.
void Cable::wake(int end) {
  const auto call = wake_[static_cast<std::size_t>(end)];
  if (call) call();
}

void Cable::finish(int end) {
  Direction& d = to_[static_cast<std::size_t>(1 - end)];
  if (d.finished) return;
  d.finished = true;
  world_.after(next_arrival(d) - world_.now(), [self = shared_from_this(), end] {
    self->to_[static_cast<std::size_t>(1 - end)].end_arrived = true;
    self->wake_soon(1 - end);
  });
}

void Cable::close(int end) {
  Direction& here = to_[static_cast<std::size_t>(end)];
  here.closed = true;
  finish(end);
  if (!here.bytes.empty()) reset(end);
}

void Cable::reset(int end) {
  Direction& d = to_[static_cast<std::size_t>(1 - end)];
  Direction& here = to_[static_cast<std::size_t>(end)];
  here.broken = true;
  here.bytes.clear();
  here.arrived = 0;
  d.finished = true;
  const Duration delay{world_.random.between(1, weather_.delay_us_max)};
  world_.after(delay, [self = shared_from_this(), end] {
    Direction& there = self->to_[static_cast<std::size_t>(1 - end)];
    there.broken = true;
    there.bytes.clear();
    there.arrived = 0;
    self->wake_soon(1 - end);
  });
}

std::string Cable::read(int end, std::size_t most) {
  Direction& d = to_[static_cast<std::size_t>(end)];
  const std::size_t size = std::min(d.arrived, most);
  std::string out = d.bytes.substr(0, size);
  d.bytes.erase(0, size);
  d.arrived -= size;
  if (d.full && size > 0) {
    d.full = false;
    wake_soon(1 - end);
  }
  return out;
}

bool Cable::at_end(int end) const {
  const Direction& d = to_[static_cast<std::size_t>(end)];
  return d.bytes.empty() && d.end_arrived;
}

void Cable::wake_soon(int end) {
  world_.after(Duration{1}, [self = shared_from_this(), end] {
    self->wake(end);
  });
}

}  // namespace weir::sim
