// Stream sockets between processes on which descriptors travel with the bytes (SCM_RIGHTS).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "net/fd.h"
#include "net/socket.h"

namespace weir::net {

// Connected at once, or an error.
Result<Fd> connect_unix(const std::string& path);

// The descriptor, if it is not -1, goes with the first byte. The sender's copy stays open.
IoResult send_passing(int socket, Bytes bytes, int descriptor);
// Appends descriptors that came with the bytes, each before any later byte's.
IoResult receive_passing(int socket, std::span<std::uint8_t> into, std::vector<Fd>& descriptors);

}  // namespace weir::net
