#include "http/server.h"

#include <doctest/doctest.h>

#include <atomic>
#include <future>

#include "net/test_sockets.h"

using namespace weir;
using namespace weir::http;
using namespace weir::net::test;

namespace {

// Answers at once, with what was asked for.
class Echo final : public Source {
 public:
  Answer ask(const Question& question) override {
    ++asked;
    return {.type = "text/plain", .body = question.what};
  }
  void note_denied(std::string_view) override { ++denied; }

  std::atomic<int> asked{0}, denied{0};
};

Access access_with(const std::string& token) {
  auto config = std::make_shared<config::Config>();
  config->weir.http_token = token;
  config->weir.auth_failure_delay = Duration{};
  return {.config = std::move(config), .tls = nullptr};
}

struct Site {
  Echo source;
  net::Address address;
  std::unique_ptr<Server> server;

  explicit Site(const std::string& token = "") {
    std::vector<Listener> listeners;
    listeners.push_back({.fd = loopback_listener(), .loopback = true});
    address = *net::local_address(listeners[0].fd.get());
    server = std::make_unique<Server>(std::move(listeners), access_with(token), source);
  }

  net::Fd connect() const {
    auto fd = net::connect_start(address);
    REQUIRE(fd.has_value());
    REQUIRE(wait_for(fd->get(), POLLOUT));
    return std::move(*fd);
  }

  // Until the server closes.
  static std::string read_all(int fd) {
    std::string text;
    std::vector<std::uint8_t> buffer(4096);
    while (wait_for(fd, POLLIN)) {
      const net::IoResult got = net::receive(fd, buffer);
      if (got.n <= 0) break;
      text += as_text({buffer.data(), static_cast<std::size_t>(got.n)});
    }
    return text;
  }

  std::string ask(std::string_view request) const {
    const net::Fd fd = connect();
    send_text(fd.get(), request);
    return read_all(fd.get());
  }
};

std::string get(std::string_view path, std::string_view more = "") {
  return std::string("GET ").append(path).append(" HTTP/1.1\r\nConnection: close\r\n").append(more)
      .append("\r\n");
}

}  // namespace

TEST_CASE("many at a time are all answered") {
  Site site;
  std::vector<std::future<std::string>> answers;
  for (int i = 0; i < 40; ++i)
    answers.push_back(std::async(std::launch::async, [&site, i] {
      return site.ask(get("/api/v1/name" + std::to_string(i)));
    }));
  for (int i = 0; i < 40; ++i) {
    const std::string text = answers[static_cast<std::size_t>(i)].get();
    CHECK(text.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(text.ends_with("\r\n\r\nname" + std::to_string(i)));
  }
  CHECK(site.source.asked == 40);
}

TEST_CASE("who may ask can change between two requests") {
  Site site;
  CHECK(site.ask(get("/metrics")).starts_with("HTTP/1.1 200"));
  site.server->set_access(access_with("t"));
  const std::string denied = site.ask(get("/metrics"));
  CHECK(denied.starts_with("HTTP/1.1 401"));
  CHECK(denied.contains("WWW-Authenticate: Bearer\r\n"));
  CHECK(site.ask(get("/metrics", "Authorization: Bearer t\r\n")).starts_with("HTTP/1.1 200"));
  CHECK(site.ask(get("/healthz")).starts_with("HTTP/1.1 200"));
  CHECK(site.source.denied == 1);
}

TEST_CASE("a body and what stands behind it are no second request") {
  Site site;
  const std::string text =
      site.ask("GET /metrics HTTP/1.1\r\nContent-Length: 40\r\n\r\n" + get("/api/v1/second"));
  CHECK(text.starts_with("HTTP/1.1 200"));
  CHECK(text.find("HTTP/1.1", 1) == std::string::npos);
  CHECK(site.source.asked == 1);
}

TEST_CASE("parts of an answer are not to be had") {
  Site site;
  const std::string text = site.ask(get("/api/v1/0123456789", "Range: bytes=0-1,0-1,0-1\r\n"));
  CHECK(text.starts_with("HTTP/1.1 200"));
  CHECK(text.ends_with("\r\n\r\n0123456789"));
}

TEST_CASE("the end cuts guests in the middle of a request, and those that wait for a turn") {
  Site site;
  std::vector<net::Fd> guests;
  for (int i = 0; i < 30; ++i) {
    guests.push_back(site.connect());
    if (i % 2 == 0) send_text(guests.back().get(), "GET /metrics HTTP/1.1\r\nX: ");
  }
  site.server.reset();
  for (const net::Fd& guest : guests) CHECK(Site::read_all(guest.get()).empty());
  CHECK(site.source.asked == 0);
}
