// The screen and the keyboard, by ncurses. One at a time: ncurses knows only one screen, and gives
// the terminal back on signals too.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "watch/screen.h"

namespace weir::watch {

class Terminal {
 public:
  // Whether standard input and output are a terminal on which lines can be drawn in place.
  static bool is_there();
  // Fails where TERM names no terminal that is known here. With NO_COLOR, and on terminals without
  // colours, styles are told by brightness alone.
  static Result<void> check();

  Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal();

  Size size() const;
  void show(std::span<const ScreenLine> screen);
  // The next key, if there is one. Keys without a meaning are left out.
  std::optional<Key> key();

 private:
  bool colours_ = false;
};

}  // namespace weir::watch
