#include "cluster.h"

#include <vector>

namespace weir::sim {

void Cluster::connect(std::function<void(std::shared_ptr<Cable>)> done) {
  if (world_.random.percent(trouble_.hang)) return;
  const bool refused = world_.random.percent(trouble_.refuse);
  const Duration delay{world_.random.between(1, weather_.delay_us_max * 3)};
  world_.after(delay, [this, refused, done = std::move(done)] {
    if (refused) return done(nullptr);
    auto cable = std::make_shared<Cable>(world_, weather_);
    const std::uint32_t pid = next_pid_++;
    backends_.emplace(pid, std::make_unique<Backend>(world_, *this, cable, pid));
    done(cable);
  });
}

void Cluster::cancel_later(std::uint32_t pid, const std::string& key, Backend& carrier) {
  const Duration delay{world_.random.between(1, trouble_.cancel_delay_ms * 1000)};
  world_.after(delay, [this, pid, key, carrier_pid = carrier.pid()] {
    const auto carrier_at = backends_.find(carrier_pid);
    if (carrier_at == backends_.end() || carrier_at->second->gone()) return;
    const auto target = backends_.find(pid);
    if (target != backends_.end()) {
      std::string expected(4, '\0');
      store_u32(reinterpret_cast<std::uint8_t*>(expected.data()), target->second->key());
      if (key != expected) {
        world_.fail("a cancel request with a key that is not its target's");
      } else {
        world_.trace("cancel of backend " + std::to_string(pid));
        target->second->cancel();
      }
    }
    carrier_at->second->terminate_quietly();
  });
}

void Cluster::kill_some() {
  if (trouble_.kill_ms > 0) kill_next();
}

void Cluster::kill_next() {
  if (trouble_.kill_ms == 0) return;
  world_.after(Duration{world_.random.between(1, trouble_.kill_ms * 2000)}, [this] {
    if (trouble_.kill_ms == 0) return;
    kill_one();
    kill_next();
  });
}

void Cluster::kill_one() {
  std::vector<Backend*> alive;
  for (const auto& [pid, backend] : backends_)
    if (!backend->gone()) alive.push_back(backend.get());
  if (alive.empty()) return;
  Backend& victim = *world_.random.pick(alive);
  world_.trace("kill of backend " + std::to_string(victim.pid()));
  victim.terminate(world_.random.percent(50));
}

std::size_t Cluster::serving() const {
  std::size_t count = 0;
  for (const auto& [pid, backend] : backends_) count += backend->serves() ? 1u : 0u;
  return count;
}

}  // namespace weir::sim
