// System calls on sockets, all non-blocking and close-on-exec; failures are values.
// No state: any thread may call them on its own descriptors.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <cstdint>
#include <span>
#include <string>

#include "base/result.h"
#include "net/address.h"
#include "net/fd.h"

namespace weir::net {

// PgBouncer's tcp_* settings; 0 leaves the system's default.
struct TcpOptions {
  bool keepalive = true;
  int keepalive_count = 0;
  int keepalive_idle_s = 0;
  int keepalive_interval_s = 0;
  int user_timeout_ms = 0;
  int socket_buffer = 0;  // bytes, for both directions
};

// An IPv6 listener takes IPv6 only, so that `::` and `0.0.0.0` can stand side by side.
Result<Fd> listen_tcp(const Address& address, int backlog, bool reuse_port);
// A socket file that nobody listens on is replaced; a live one is the error
// `unix socket is in use, cannot continue`. The group (name or number) may be empty. The file
// stays behind when the descriptor is closed: whoever shuts down removes it.
Result<Fd> listen_unix(const std::string& path, mode_t mode, const std::string& group, int backlog);
// New connections are refused from now on; the descriptor stays its owner's.
void refuse_connections(int listener);
// Does not wake an acceptor before the client's first bytes; 0 turns it off. TCP listeners only.
void defer_accept(int listener, int seconds);

// Starts to connect; the loop says writable when it is decided, then ask connect_error().
Result<Fd> connect_start(const Address& address);
// 0 when connected, EINPROGRESS as long as it is not decided, else the errno of the failure.
// Taking SO_ERROR clears it.
int connect_error(int fd);

// On failure `error` is the errno: EAGAIN when nobody waits, EMFILE or ENFILE when descriptors
// have run out (the connection stays queued: rest the listener), others concern one connection.
Result<Fd> accept_one(int listener, Address& peer, int& error);

// NODELAY always. Sockets accepted from a tuned listener inherit all of it, without a system call.
void tune_tcp(int fd, const TcpOptions& options);

// Exactly one of: n > 0; again; closed (orderly end, receive only); error (an errno, never EAGAIN).
struct IoResult {
  ssize_t n = 0;
  bool more = false;  // with n, of receive: there may be more
  bool again = false;
  bool closed = false;
  int error = 0;
};

// `into` must not be empty. n < into.size() does not mean that nothing is left.
IoResult receive(int fd, std::span<std::uint8_t> into);
// At least one byte in all. n may be less than asked; after that the loop says writable again.
IoResult send(int fd, std::span<const iovec> parts);
// Ends our direction with a FIN; what the peer still sends can be read.
void shutdown_write(int fd);

Result<Address> local_address(int fd);
// Of Unix sockets: who was on the other side when it connected.
Result<uid_t> peer_uid(int fd);
Result<pid_t> peer_pid(int fd);
// Of this machine.
std::string host_name();

// `text: reason of errno`, in words.
std::string errno_text(std::string_view text, int error);

}  // namespace weir::net
