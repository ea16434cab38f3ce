// One request and its answer, read and written by cpp-httplib. One thread.
#pragma once

#include <memory>
#include <string>

#include "http/access.h"
#include "http/question.h"

namespace weir::http {

class Connection;

struct Exchange {
  Connection& connection;
  Source& source;
  const Access& access;
  bool loopback = false;  // the address that was connected to is
  bool last = false;      // the connection is to be closed behind it
};

enum class Outcome : std::uint8_t {
  Kept,    // the connection may bring another request
  Ended,
  Denied,  // whoever asks may not; the connection has ended
};

Outcome serve_request(const Exchange& exchange);

}  // namespace weir::http
