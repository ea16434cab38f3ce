// One connection to the HTTP server, with or without TLS: the bytes that the library reads and
// writes, against a deadline and a bound. One thread uses it; cut() is for all.
#pragma once

// Its pkg-config file says that the library was built with these.
#include <httplib.h>

#include <array>
#include <memory>
#include <string>

#include "base/time.h"
#include "net/address.h"
#include "net/fd.h"
#include "net/tls_stream.h"

namespace weir::http {

class Connection final : public httplib::Stream {
 public:
  Connection(net::Fd fd, const net::Address& peer, std::shared_ptr<const net::TlsContext> tls);
  ~Connection() override;

  // Waits for the next request's first bytes. From then on there is a time in which all of it has
  // to be there and its answer be read, and a bound on its size.
  bool await_request(Duration patience);
  // Ends what is going on, and all that would come.
  void cut();
  std::string peer() const { return peer_.text(); }

  bool is_readable() const override { return open_; }
  bool is_writable() const override { return open_; }
  ssize_t read(char* into, std::size_t size) override;
  ssize_t write(const char* bytes, std::size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  // The library only wants to know whether select() could take it: nobody calls that here.
  socket_t socket() const override { return 0; }

 private:
  bool fill();
  bool wait_for(short events) const;
  bool send_all(Bytes bytes);
  bool fail();

  net::Fd fd_;
  net::Address peer_;
  std::unique_ptr<net::TlsStream> tls_;
  Instant deadline_{};
  std::size_t budget_ = 0;  // bytes of this request that may still come
  std::vector<std::uint8_t> plain_;
  std::size_t at_ = 0, end_ = 0;  // of what is not read yet in plain_
  bool open_ = true;
};

}  // namespace weir::http
