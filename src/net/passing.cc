#include "net/passing.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "net/address.h"

namespace weir::net {

namespace {

IoResult failed() {
  if (errno == EAGAIN || errno == EWOULDBLOCK) return {.again = true};
  return {.error = errno};
}

}  // namespace

Result<Fd> connect_unix(const std::string& path) {
  const Address address = unix_address(path);
  if (!address.valid()) return fail("not usable as a unix socket: " + path);
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return fail(errno_text("socket", errno));
  if (::connect(fd.get(), address.get(), address.length) == 0) return fd;
  return fail(errno_text("connect to " + address.full_text(), errno));
}

IoResult send_passing(int socket, Bytes bytes, int descriptor) {
  iovec part{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))]{};
  if (descriptor >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(head), &descriptor, sizeof descriptor);
  }
  for (;;) {
    const ssize_t n = ::sendmsg(socket, &message, MSG_NOSIGNAL);
    if (n > 0) return {.n = n};
    if (errno != EINTR) return failed();
  }
}

IoResult receive_passing(int socket, std::span<std::uint8_t> into, std::vector<Fd>& descriptors) {
  iovec part{into.data(), into.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(16 * sizeof(int))]{};
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t n = 0;
  do {
    n = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return failed();
  for (cmsghdr* head = CMSG_FIRSTHDR(&message); head != nullptr;
       head = CMSG_NXTHDR(&message, head)) {
    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
    for (std::size_t at = CMSG_LEN(0); at + sizeof(int) <= head->cmsg_len; at += sizeof(int)) {
      int descriptor = -1;
      std::memcpy(&descriptor, reinterpret_cast<char*>(head) + at, sizeof descriptor);
      descriptors.emplace_back(descriptor);
    }
  }
  if (n == 0) return {.closed = true};
  return {.n = n};
}

}  // namespace weir::net
