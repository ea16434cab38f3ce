// One worker: a thread with its own event loop and engine. It carries out what the engine wants
// with sockets, and shares nothing with other workers but mailboxes and the ledger.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "login/helpers.h"
#include "net/loop.h"
#include "net/mailbox.h"
#include "net/resolver.h"
#include "net/socket.h"
#include "net/tls_stream.h"
#include "runtime/listeners.h"
#include "runtime/log.h"
#include "runtime/message.h"
#include "runtime/outbox.h"
#include "runtime/tls_contexts.h"
#include "session/engine.h"

namespace weir::runtime {

class Worker;

// What the workers and the control thread have in common. Outlives the workers' threads.
struct Shared {
  explicit Shared(unsigned count, Log& the_log);
  ~Shared();

  pool::Ledger ledger;
  Log& log;
  std::unique_ptr<net::Resolver> resolver;
  std::unique_ptr<login::Helpers> helpers;
  std::vector<std::unique_ptr<Worker>> workers;
  std::vector<std::atomic<int>> load;  // clients of each worker
  net::Mailbox<ControlMessage> control{1 << 16};
  net::Notifier* control_notifier = nullptr;
};

class Worker final : public net::Notifier {
 public:
  struct Setup {
    unsigned index;
    Shared& shared;
    std::unique_ptr<net::Loop> loop;
    Random& random;  // used by all workers: must be thread-safe
    std::shared_ptr<const config::Config> config;
    TlsContexts tls;
    auth::Key mock_key;  // see session::Engine
    unsigned generation = 0;  // the same
    std::vector<Listener> listeners;
  };
  explicit Worker(Setup setup);
  ~Worker() override;

  void run();  // the thread's body; returns after a Stop message

  // From any thread.
  void post(WorkerMessage message);
  void notify() override { loop_->wake(); }

 private:
  // A socket of the data plane.
  struct Socket {
    net::Fd fd;
    std::uint32_t generation = 0;
    bool readable = false;    // there may be more to read
    bool ended = false;       // the peer has ended its direction
    bool connecting = false;
    bool broken = false;      // a write has failed; the engine is told at the end of the event
    bool said_goodbye = false;  // closing, once the outbox is empty
    Outbox outbox;  // as it goes over the wire
    std::unique_ptr<net::TlsStream> tls;                    // null: in the clear
    std::unique_ptr<std::vector<net::Address>> candidates;  // addresses still to try
  };
  // A socket that the engine is done with: it sends what is left and waits for the peer's end.
  struct Lingering {
    net::Fd fd;
    Outbox outbox;
    Instant until{};
  };
  using Side = session::Connection::Side;

  // worker.cc
  void handle(const net::Ready& ready);
  void run_resumed();
  void drain_mailbox();
  void take(WorkerMessage& message);
  void gather(WorkerMessage& wanted);
  void complete(session::Snapshot& shot) const;
  void take_resolutions();
  void take_verdicts();
  void tick();
  void retry_posts();

  // worker_accept.cc
  void accept_all(std::size_t listener);
  void adopt_client(net::Fd fd, const net::Address& peer);
  void stop_listening(bool tcp_only);
  void start_connect(ServerId id);
  void try_next_address(ServerId id);
  void finish_connect(ServerId id);
  void established(ServerId id);

  // worker_takeover.cc
  void begin_departing();
  void sweep();
  void depart(ClientId id);
  void depart(ServerId id);
  void depart_after(std::optional<session::Connection> client, ServerId server);
  void to_successor(Record record, net::Fd fd);
  void arrive(WorkerMessage& message);

  // worker_io.cc
  void on_event(session::Connection c, const net::Ready& ready);
  void read_client(ClientId id);
  void read_server(ServerId id);
  bool blocked(session::Connection c);
  void resume_peer_of(session::Connection c);
  void flush(session::Connection c);
  void perform();
  void perform_one(const session::Effect& effect, bool farewell);
  std::size_t perform_sends(std::size_t first);
  void write(session::Connection c, std::span<const iovec> parts);
  void write_wire(session::Connection c, std::span<const iovec> parts);
  void report_broken();
  void close_socket(session::Connection c, bool linger);
  void linger(Socket& socket);
  void lingering_event(std::uint64_t number, const net::Ready& ready);
  void to_control(session::Letter& letter);
  void send_parcel(const session::Effect& effect);
  void to_worker(unsigned worker, WorkerMessage message);
  void write_log(const session::LogEntry& entry);

  // worker_tls.cc
  net::IoResult receive(session::Connection c);
  void start_tls(session::Connection c, Bytes received);
  std::size_t unseal(session::Connection c, Bytes in);
  void write_sealed(session::Connection c, std::span<const iovec> parts);
  void send_sealed(session::Connection c);
  static std::string end_of(const Socket& socket, std::string_view otherwise);

  std::vector<Socket>& sockets(Side side) { return side == Side::Client ? clients_ : servers_; }
  Socket* socket(session::Connection c);
  Socket& open_socket(session::Connection c, net::Fd fd);

  static std::uint64_t token(session::Connection c);
  static constexpr std::uint64_t kListenerToken = std::uint64_t{2} << 60;
  static constexpr std::uint64_t kLingerToken = std::uint64_t{3} << 60;

  const unsigned index_;
  Shared& shared_;
  std::unique_ptr<net::Loop> loop_;
  std::shared_ptr<const config::Config> config_;
  session::Engine engine_;
  session::Takeover takeover_{engine_};
  session::Effects effects_;
  std::vector<Listener> listeners_;
  bool listening_ = false;
  std::vector<Socket> clients_, servers_;  // by the index of their id
  std::unordered_map<std::uint64_t, Lingering> lingering_;
  std::uint64_t next_lingering_ = 0;
  std::size_t next_address_ = 0;  // of a host name with several
  std::vector<session::Connection> resumed_;  // to be read again
  std::vector<session::Connection> broken_;
  TlsContexts tls_;
  std::vector<std::uint8_t> scratch_;
  std::vector<std::uint8_t> cipher_;   // received, not decrypted yet
  net::TlsStream::Buffer sealed_;      // encrypted, to be sent at once
  net::Mailbox<WorkerMessage> mailbox_;
  std::vector<WorkerMessage> messages_;
  std::vector<std::pair<unsigned, WorkerMessage>> unposted_;
  Instant now_{};
  Instant next_tick_{};
  std::uint64_t turns_ = 0;
  bool stopping_ = false;
  bool departing_ = false;
};

}  // namespace weir::runtime
