#include "runtime/http_service.h"

#include <chrono>

#include "config/http_access.h"
#include "net/resolver.h"
#include "net/socket.h"

namespace weir::runtime {

namespace {

constexpr int kBacklog = 128;
// Longer than a worker ever takes; who asks would have given up by then, too.
constexpr auto kPatience = std::chrono::seconds(5);
constexpr int kUnavailable = 503;

}  // namespace

void HttpService::configure(http::Access access, bool has_predecessor) {
  Place wanted{.hosts = access.config->weir.http_addr, .port = access.config->http_port()};
  access_ = std::move(access);
  if (wanted == place_ && server_) {
    server_->set_access(*access_);
    return;
  }
  stop();
  warned_ = warned_ && wanted == place_;
  place_ = std::move(wanted);
  listen(has_predecessor);
}

void HttpService::retry(bool has_predecessor) {
  if (!server_ && access_) listen(has_predecessor);
}

void HttpService::listen(bool quiet) {
  if (place_.port == 0) return;
  std::vector<http::Listener> listeners;
  for (const std::string& host : place_.hosts) {
    if (host == "*") {
      listen_on("0.0.0.0", listeners, quiet);
      listen_on("::", listeners, quiet);
    } else {
      listen_on(host, listeners, quiet);
    }
  }
  warned_ = warned_ || !quiet;
  if (!listeners.empty())
    server_ = std::make_unique<http::Server>(std::move(listeners), *access_, *this);
}

void HttpService::listen_on(const std::string& host, std::vector<http::Listener>& into,
                            bool quiet) {
  const net::Lookup found = net::lookup_host(host);
  const auto warn = [&](std::string_view why) {
    if (quiet || warned_) return;
    shared_.log.print(LogLevel::kWarning,
                      "no metrics over HTTP on {}: {}: set http_port in [weir] to a free port, or "
                      "to 0 for none",
                      host, why);
  };
  if (found.addresses.empty()) warn(found.error);
  for (net::Address address : found.addresses) {
    address.set_port(place_.port);
    auto fd = net::listen_tcp(address, kBacklog, false);
    if (!fd) {
      warn(fd.error().text);
      continue;
    }
    shared_.log.print(LogLevel::kLog, "listening on {} ({})", address.full_text(),
                      access_->tls ? "https" : "http");
    into.push_back({.fd = std::move(*fd), .loopback = config::is_loopback(address.text())});
  }
}

void HttpService::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  server_.reset();
  stopping_ = false;  // no other thread is left that could look
}

http::Answer HttpService::ask(const http::Question& question) {
  std::unique_lock lock(mutex_);
  const std::uint64_t token = next_token_++;
  const auto at = waiting_.try_emplace(token).first;
  ControlMessage message{.kind = ControlMessage::Kind::Question, .token = token,
                         .question = question};
  if (shared_.control.push(std::move(message)) != net::Push::kFull) {
    control_.notify();
    changed_.wait_for(lock, kPatience, [&] { return stopping_ || at->second.has_value(); });
  }
  std::optional<http::Answer> answer = std::move(at->second);
  waiting_.erase(at);
  return answer ? std::move(*answer)
                : http::failure(kUnavailable, "the pooler ends, or has not answered in time");
}

void HttpService::answer(std::uint64_t token, http::Answer answer) {
  {
    const std::lock_guard lock(mutex_);
    const auto at = waiting_.find(token);
    if (at == waiting_.end()) return;
    at->second = std::move(answer);
  }
  changed_.notify_all();
}

void HttpService::note_denied(std::string_view peer) {
  denied_.fetch_add(1, std::memory_order_relaxed);
  shared_.log.print(LogLevel::kWarning, "HTTP request from {} without a valid token or password",
                    peer);
}

}  // namespace weir::runtime
