// What a worker finds in its mailbox, and the control thread in its own.
#pragma once

#include <memory>
#include <string>

#include "config/config.h"
#include "http/question.h"
#include "net/address.h"
#include "net/fd.h"
#include "net/tls_stream.h"
#include "runtime/outbox.h"
#include "runtime/takeover_record.h"
#include "runtime/tls_contexts.h"
#include "session/console_command.h"
#include "session/letter.h"
#include "session/snapshot.h"

namespace weir::runtime {

// To a worker.
struct WorkerMessage {
  enum class Kind : std::uint8_t {
    Letter,    // `letter`, with `fd`, `stream` and `unsent` for a server connection on its way
    Client,    // a client that another worker accepted: `fd`, `peer`
    Configure, // `config` and `tls`
    Snapshot,  // answer with a ControlMessage of kind Snapshot and this `token`; `with_sockets`;
               // `timings`: with histograms, which take several turns, gathered in `shot`
    Reply,     // `bytes` for the console client `client`
    Depart,    // everything at rest goes to a successor: send it in Departed
    Arrive,    // `record` with `fd` from a predecessor
    StopTcp,   // close the TCP listeners: a shutdown that waits has begun
    Stop,      // leave
  };

  Kind kind = Kind::Stop;
  session::Letter letter{};
  net::Fd fd{};
  std::unique_ptr<net::TlsStream> stream{};
  Outbox unsent{};
  net::Address peer{};
  std::shared_ptr<const config::Config> config{};
  TlsContexts tls{};
  std::uint64_t token = 0;
  bool with_sockets = false;
  bool timings = false;
  std::unique_ptr<session::Snapshot> shot{};
  ClientId client{};
  wire::Buffer bytes{};
  std::unique_ptr<Record> record{};
};

// To the control thread.
struct ControlMessage {
  enum class Kind : std::uint8_t {
    Command,   // `command` from console client `client` of worker `from`
    Snapshot,  // `snapshot`, as asked for with `token`
    Done,      // worker `from` has done its part of command `token`
    Departed,  // `record` with `fd`, for a successor
    Stray,     // nobody here has the key of `record`, which `client` of worker `from` asks for
    StrayOver, // what was asked of a worker in `client`'s name is over
    Question,  // `question`, to be answered as HttpService's number `token`
  };

  Kind kind = Kind::Done;
  unsigned from = 0;
  ClientId client{};
  session::ConsoleCommand command{};
  bool found = false;  // of Done: see session::Letter
  std::uint64_t token = 0;
  session::Snapshot snapshot{};
  http::Question question{};
  std::unique_ptr<Record> record{};
  net::Fd fd{};
};

}  // namespace weir::runtime
