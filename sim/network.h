// TCP as it can be: bytes cut anywhere and late, windows that fill, ends in order or all at once.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "world.h"

namespace weir::sim {

// How bad the network is in this run.
struct Weather {
  int delay_us_max = 300;
  int cut_percent = 30;           // of writes that arrive in pieces
  bool byte_by_byte = false;      // short writes arrive one byte at a time
  std::size_t window = 64 * 1024; // bytes on their way or unread, per direction
};

// One connection with two ends, 0 and 1. Each end is woken, never from inside a call, when there
// may be something new for it: bytes, room to write, the end.
class Cable : public std::enable_shared_from_this<Cable> {
 public:
  Cable(World& world, const Weather& weather) : world_(world), weather_(weather) {}
  Cable(const Cable&) = delete;
  Cable& operator=(const Cable&) = delete;

  // Takes as much as the window allows and says how much.
  std::size_t write(int end, std::string_view bytes);
  void finish(int end);  // no more will be written by this end
  void reset(int end);   // this end goes, and what it has not read is lost
  void close(int end);   // finish, and whatever arrives from now on is answered with a reset

  // What has arrived at this end.
  std::string read(int end, std::size_t most);
  std::size_t readable(int end) const { return to_[static_cast<std::size_t>(end)].arrived; }
  bool at_end(int end) const;  // everything was read and the other end has finished
  bool broken(int end) const { return to_[static_cast<std::size_t>(end)].broken; }

  void on_wake(int end, std::function<void()> wake) {
    wake_[static_cast<std::size_t>(end)] = std::move(wake);
  }
  void wake_soon(int end);

 private:
  struct Direction {
    std::string bytes;         // written and not read
    std::size_t arrived = 0;   // of them, how many can be read
    bool finished = false;     // the writer has finished
    bool end_arrived = false;
    bool broken = false;       // the writer has gone
    bool full = false;         // a write was cut short
    bool closed = false;       // the reader has gone
    Instant last{};            // when the last piece arrives
  };

  Instant next_arrival(Direction& d);
  void deliver(int end, std::size_t size);
  void wake(int end);

  World& world_;
  const Weather& weather_;
  std::array<Direction, 2> to_;  // index: the end that reads
  std::array<std::function<void()>, 2> wake_;
};

}  // namespace weir::sim
