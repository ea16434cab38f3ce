// An application's connection: it logs in, works through its script, and checks every byte.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "auth/login.h"
#include "network.h"
#include "script.h"
#include "transcript.h"
#include "world.h"

namespace weir::sim {

// Everybody's.
inline constexpr const char* kPassword = "x";

// How this client behaves.
struct Manners {
  std::string tag;
  std::string database, user;
  wire::Parameters startup;
  wire::Parameters base;    // what every server's connect_query has set
  int steps = 10;
  int think_us_max = 500;
  int read_most = 1 << 20;  // bytes at once
  int read_pause_us = 0;    // between reads
  bool may_be_lost = false; // the run has faults that cost connections
  bool asks_ssl = false;
  bool replicates = false;
};

class Client : public std::enable_shared_from_this<Client> {
 public:
  // Opens a connection to the pooler, perhaps for a cancel request, and returns its end 0.
  using Dial = std::function<std::shared_ptr<Cable>(bool for_cancel)>;

  Client(World& world, const ScriptRules& rules, Manners manners, Dial dial);

  void start();
  bool done() const { return phase_ == Phase::Done; }
  // Whether it got through to its own end, not that of its connection.
  bool finished_well() const { return done() && well_; }
  std::string shown() const;

 private:
  enum class Phase { Ssl, Login, Working, Garbling, Leaving, Done };

  void woken();
  void take(const std::string& bytes);
  void login_bytes();
  bool authenticate(const std::string& request);
  bool login_message(const Request& message);
  void send_startup();
  void pump();
  void next_step();
  void begin_step(Step step);
  void vanish(const Step& step);
  void garble(const Step& step);
  void leave();
  void cancel_after(int ms);
  void send_cancel();
  void write();
  void ended(bool reset);
  void over(bool well);
  void wrong(const std::string& what);

  World& world_;
  const ScriptRules& rules_;
  std::optional<auth::ServerLogin> proof_;  // how PostgreSQL's clients log in, too
  Manners manners_;
  Dial dial_;
  std::shared_ptr<Cable> cable_;
  std::shared_ptr<Cable> cancel_cable_;
  Phase phase_ = Phase::Ssl;
  Script script_;
  Transcript transcript_;
  std::string login_in_;
  std::map<std::string, std::string> parameters_;
  std::string unsent_;
  std::string key_;        // pid and key, as they came
  bool sleeping_ = false;  // a Sleep is owed
  bool cancel_open_ = false;
  bool reading_ = false;   // a pause before the next read is under way
  bool thinking_ = false;
  bool well_ = false;
  bool vanishes_ = false;
  bool garbles_ = false;
  int done_steps_ = 0;
};

}  // namespace weir::sim
