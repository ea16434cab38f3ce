// What PostgreSQL answers: one session's protocol and state, without time and connections.
// A value: copying it gives a session that goes on from the same point.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "command.h"
#include "session_settings.h"
#include "wire/write.h"

namespace weir::sim {

// A message of a client: its type and its body.
struct Request {
  char type = 0;
  std::string body;
};

// The next whole message at the front of `bytes`, which it is taken from.
std::optional<Request> take_request(std::string& bytes);

class Postgres {
 public:
  explicit Postgres(const wire::Parameters& startup, bool replicates = false)
      : settings_(startup), replicates_(replicates) {}

  // AuthenticationOk and the parameters, up to where the key would follow.
  std::string greeting();
  // How long it sleeps over a request, in milliseconds.
  int sleep_ms(const Request& request) const;
  // The answer. `canceled`: a cancel request came while it was at work.
  std::string handle(const Request& request, bool canceled = false);

  char status() const { return status_; }
  bool skipping() const { return skipping_; }
  bool has_statement(const std::string& name) const { return statements_.contains(name); }
  bool replicates() const { return replicates_; }
  // Whether some client's work is unfinished.
  bool in_the_middle() const { return status_ != 'I' || implicit_ || copying_; }

 private:
  struct Portal {
    Command command;
    int done = 0;  // rows that were sent
  };

  void query(std::string_view text, bool canceled);
  void parse(const std::string& body);
  void bind(const std::string& body);
  void describe(const std::string& body);
  void execute(const std::string& body, bool canceled);
  void close(const std::string& body);
  void sync();
  void copy_message(const Request& request);
  void stream(const Command& command);
  void stream_message(const Request& request);
  void function_call();

  // False where it failed. With `rows_most` it may stop early and leave the rest in the portal.
  bool run(const Command& command, bool canceled, Portal* portal, int rows_most);
  bool run_transaction(const Command& command);
  bool run_setting(const Command& command);
  bool refused_value(const std::string& name, const std::string& value);
  bool run_statement_list(const Command& command);
  void inquire(const Command& command);
  void describe_rows(const Command& command);
  void row(std::string_view text);
  void echo(const Command& command, Portal* portal, int rows_most);

  bool refused(const Command& command);
  void begin_work();
  void commit_work();
  void fail(std::string_view sqlstate, std::string_view message);
  void complete(std::string_view tag);
  void ready();

  SessionSettings settings_;
  bool replicates_;
  char status_ = 'I';
  bool implicit_ = false;   // extended messages since the last Sync, outside a block
  bool extended_ = false;   // the message at hand is one of the extended protocol
  bool skipping_ = false;   // up to the next Sync
  bool copying_ = false;
  bool streaming_ = false;  // copies both ways
  bool copy_extended_ = false;
  std::size_t copy_bytes_ = 0;
  std::string locks_;  // session advisory locks, which neither end of a transaction gives back
  std::map<std::string, std::string> statements_;
  std::map<std::string, Portal> portals_;
  wire::Buffer out_;
};

}  // namespace weir::sim
