// The HTTP server as the configuration wants it: where it listens, and how its threads' questions
// reach the control thread, which owns this and answers them.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "http/server.h"
#include "net/notifier.h"
#include "runtime/worker.h"

namespace weir::runtime {

class HttpService final : public http::Source {
 public:
  HttpService(Shared& shared, net::Notifier& control) : shared_(shared), control_(control) {}
  ~HttpService() override { stop(); }

  // Listens where `access` says, from now on or as soon as it can: a port that is taken is only
  // told, and not even that while it may be a predecessor's.
  void configure(http::Access access, bool has_predecessor);
  void retry(bool has_predecessor);
  void stop();  // at once, with all connections

  // Of a message of kind Question. Late answers are for nobody.
  void answer(std::uint64_t token, http::Answer answer);

  std::uint64_t denied() const { return denied_.load(std::memory_order_relaxed); }

  // For the server's threads.
  http::Answer ask(const http::Question& question) override;
  void note_denied(std::string_view peer) override;

 private:
  struct Place {
    std::vector<std::string> hosts;
    std::uint16_t port = 0;
    bool operator==(const Place&) const = default;
  };

  void listen(bool quiet);
  void listen_on(const std::string& host, std::vector<http::Listener>& into, bool quiet);

  Shared& shared_;
  net::Notifier& control_;
  Place place_;
  std::optional<http::Access> access_;  // once configured
  bool warned_ = false;                 // that it cannot listen there
  std::atomic<std::uint64_t> denied_{0};

  std::mutex mutex_;  // over the following
  std::condition_variable changed_;
  std::map<std::uint64_t, std::optional<http::Answer>> waiting_;
  std::uint64_t next_token_ = 1;
  bool stopping_ = false;

  std::unique_ptr<http::Server> server_;
};

}  // namespace weir::runtime
