#include "client.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "tag.h"
#include "wire/message.h"
#include "wire/startup.h"

namespace weir::sim {

namespace {

constexpr int kEnd = 0;

// How a pooler may take leave where the run has faults.
constexpr std::array<std::string_view, 8> kFarewells = {"57P01", "08006", "57P03", "57014",
                                                        "25P03", "25P04", "53300", "57P05"};

}  // namespace

Client::Client(World& world, const ScriptRules& rules, Manners manners, Dial dial)
    : world_(world), rules_(rules), manners_(std::move(manners)), dial_(std::move(dial)),
      script_(world, rules, {.tag = manners_.tag, .startup = manners_.startup,
                             .base = manners_.base, .replicates = manners_.replicates}),
      vanishes_(world.random.percent(rules.vanish_percent)),
      garbles_(world.random.percent(rules.garbage_percent)) {}

void Client::start() {
  cable_ = dial_(false);
  cable_->on_wake(kEnd, [self = shared_from_this()] { self->woken(); });
  if (manners_.asks_ssl) {
    wire::Buffer out;
    wire::Writer(out).u32(wire::kSslCode).finish();
    unsent_ += as_text(out);
    write();
  } else {
    send_startup();
  }
}

void Client::send_startup() {
  phase_ = Phase::Login;
  const auth::Secret password{.kind = auth::SecretKind::Plain, .text = kPassword, .scram = {}};
  auth::ScramNonce nonce;
  world_.random.fill(nonce);
  proof_.emplace(auth::ServerLogin::Input{.user = manners_.user, .secret = &password,
                                          .keys = nullptr, .nonce = nonce});
  wire::Parameters parameters = {{"user", manners_.user}, {"database", manners_.database}};
  if (manners_.replicates) parameters.emplace_back("replication", "database");
  for (const auto& [name, value] : manners_.startup) {
    if (name == "work_mem") {
      parameters.emplace_back("options", "-c work_mem=" + value);
    } else {
      parameters.emplace_back(name, value);
    }
  }
  wire::Buffer out;
  wire::append_startup(out, wire::kProtocol30, parameters);
  unsent_ += as_text(out);
  write();
}

void Client::write() {
  if (!unsent_.empty()) unsent_.erase(0, cable_->write(kEnd, unsent_));
}

void Client::woken() {
  if (done()) return;
  if (cable_->broken(kEnd)) return ended(true);
  write();
  if (reading_) return;
  if (manners_.read_pause_us > 0 && cable_->readable(kEnd) > 0) {
    reading_ = true;
    world_.after(Duration{world_.random.between(1, manners_.read_pause_us)},
                 [self = shared_from_this()] {
                   self->reading_ = false;
                   if (self->done()) return;
                   const auto most = static_cast<std::size_t>(self->manners_.read_most);
                   self->take(self->cable_->read(kEnd, most));
                   self->cable_->wake_soon(kEnd);
                 });
    return;
  }
  if (cable_->readable(kEnd) > 0) take(cable_->read(kEnd, 1 << 20));
  if (!done() && cable_->at_end(kEnd)) ended(false);
}

void Client::take(const std::string& bytes) {
  if (phase_ == Phase::Ssl) {
    if (bytes != "N") return wrong("an answer to SSLRequest that is not N");
    return send_startup();
  }
  if (phase_ == Phase::Garbling) return;
  if (phase_ == Phase::Login) {
    login_in_ += bytes;
    return login_bytes();
  }
  const std::string fault = transcript_.receive(bytes);
  if (!fault.empty()) return wrong(fault);
  pump();
}

void Client::login_bytes() {
  while (phase_ == Phase::Login) {
    const auto message = take_request(login_in_);
    if (!message) return;
    if (!login_message(*message)) return;
  }
  if (!login_in_.empty()) wrong("bytes behind the login's ReadyForQuery");
}

bool Client::authenticate(const std::string& request) {
  const auth::ServerStep step = proof_->on_request(as_bytes(request));
  if (const auto* answer = std::get_if<auth::ServerAnswer>(&step)) {
    unsent_ += answer->message;
    write();
  }
  if (const auto* failed = std::get_if<auth::LoginFailed>(&step)) wrong(failed->text);
  return !std::holds_alternative<auth::LoginFailed>(step);
}

bool Client::login_message(const Request& message) {
  Reader in(as_bytes(message.body));
  switch (message.type) {
    case 'R': return authenticate(message.body);
    case 'S': {
      const std::string name(in.cstr());
      if (!name.starts_with("pgbouncer.")) parameters_[name] = in.cstr();  // else the pooler's own
      return true;
    }
    case 'K': key_ = message.body; return true;
    case 'E':
      if (!manners_.may_be_lost)
        wrong("login refused: " + std::string(wire::report_field(as_bytes(message.body), 'M')));
      phase_ = Phase::Leaving;
      return false;
    case 'Z': break;
    default: wrong("an unexpected message in the login"); return false;
  }
  Postgres session = script_.session();
  std::string greeting = session.greeting();
  std::map<std::string, std::string> expected;
  while (const auto part = take_request(greeting)) {
    if (part->type != 'S') continue;
    Reader pair(as_bytes(part->body));
    const std::string name(pair.cstr());
    expected[name] = pair.cstr();
  }
  for (const auto& [name, value] : expected)
    if (parameters_[name] != value)
      wrong("the login says " + name + "=" + parameters_[name] + ", and the server " + value);
  if (parameters_.size() > expected.size()) wrong("the login has parameters of nobody's");
  script_.session() = session;
  phase_ = Phase::Working;
  pump();
  return true;
}

// Goes on when everything owed has come.
void Client::pump() {
  if (phase_ != Phase::Working || thinking_ || !transcript_.complete() || cancel_open_) return;
  if (!transcript_.farewell().empty()) return;
  if (sleeping_) {
    sleeping_ = false;
    script_.slept(transcript_.chosen());
  }
  thinking_ = true;
  const int think = world_.random.percent(50) ? 0 : world_.random.between(1, manners_.think_us_max);
  world_.after(Duration{think}, [self = shared_from_this()] {
    self->thinking_ = false;
    if (self->phase_ == Phase::Working && self->transcript_.farewell().empty()) self->next_step();
  });
}

void Client::next_step() {
  if (done_steps_ >= manners_.steps) return leave();
  ++done_steps_;
  begin_step(script_.next());
}

void Client::begin_step(Step step) {
  if (world_.verbose()) {
    std::string sent = step.bytes;
    while (const auto message = take_request(sent))
      world_.trace(manners_.tag + " says " + sim::shown(*message));
  }
  if (vanishes_ && world_.random.percent(30)) return vanish(step);
  if (garbles_ && world_.random.percent(30)) return garble(step);
  if (step.kind == Step::Kind::Sleep) {
    sleeping_ = true;
    const bool cancels = world_.random.percent(70);
    if (!cancels) step.answers.resize(1);
    transcript_.expect_any(step.answers);
    if (cancels) cancel_after(world_.random.between(0, step.sleep_ms));
  } else {
    transcript_.expect(step.answer);
  }
  unsent_ += step.bytes;
  write();
  pump();
}

void Client::vanish(const Step& step) {
  unsent_ += step.bytes.substr(0, world_.random.below(step.bytes.size() + 1));
  write();
  world_.trace(manners_.tag + " vanishes");
  if (world_.random.percent(50)) {
    cable_->close(kEnd);
  } else {
    cable_->reset(kEnd);
  }
  over(true);
}

// Sends what is no message behind its step. It must be shown the door, and only it.
void Client::garble(const Step& step) {
  using namespace std::string_view_literals;
  constexpr std::array kGarbage = {"\0\0\0\0\0\0\0\0"sv, "y\0\0\0\5x"sv, "Q\0\0\0\3"sv,
                                   "Q\xff\xff\xff\xff"sv,    "p\0\0\0\5x"sv, "S\x7f\0\0\0"sv,
                                   "\x16\3\1\2\0\1"sv,      "T\0\0\0\4"sv,  "GET / HTTP/1.1\r\n"sv};
  unsent_ += step.bytes;
  unsent_ += world_.random.pick(kGarbage);
  phase_ = Phase::Garbling;
  world_.trace(manners_.tag + " garbles");
  write();
}

void Client::cancel_after(int ms) {
  cancel_open_ = true;
  world_.after(Duration{ms * 1000}, [self = shared_from_this()] { self->send_cancel(); });
}

void Client::send_cancel() {
  if (done()) return;
  cancel_cable_ = dial_(true);
  cancel_cable_->on_wake(kEnd, [self = shared_from_this()] {
    if (!self->cancel_cable_->at_end(kEnd) && !self->cancel_cable_->broken(kEnd)) return;
    const auto cable = self->cancel_cable_;
    cable->on_wake(kEnd, {});
    self->cancel_open_ = false;
    if (!self->done()) self->pump();
  });
  wire::Buffer out;
  wire::append_cancel(out, load_u32(as_bytes(key_).data()), as_bytes(key_).subspan(4));
  cancel_cable_->write(kEnd, as_text(out));
}

void Client::leave() {
  phase_ = Phase::Leaving;
  if (world_.random.percent(70)) {
    wire::Buffer out;
    wire::append_empty(out, wire::fe::kTerminate);
    unsent_ += as_text(out);
    write();
  }
  cable_->finish(kEnd);
  over(true);
}

void Client::ended(bool reset) {
  if (phase_ == Phase::Garbling) return over(true);
  const std::string fault = reset ? "" : transcript_.end();
  if (!fault.empty()) return wrong(fault);
  const std::string& farewell = transcript_.farewell();
  if (!manners_.may_be_lost)
    return wrong("the connection was lost" + (farewell.empty() ? "" : " with " + farewell) + ", " +
                 transcript_.shown());
  if (!farewell.empty() && std::ranges::find(kFarewells, farewell) == kFarewells.end())
    return wrong("a farewell with SQLSTATE " + farewell);
  over(false);
}

void Client::over(bool well) {
  phase_ = Phase::Done;
  well_ = well;
  world_.trace(manners_.tag + (well ? " is done" : " is lost"));
  cable_->on_wake(kEnd, {});
  cable_->close(kEnd);
  if (cancel_cable_) cancel_cable_->on_wake(kEnd, {});
}

void Client::wrong(const std::string& what) {
  world_.fail(manners_.tag + ": " + what);
  over(false);
}

std::string Client::shown() const {
  return manners_.tag + " in phase " + std::to_string(static_cast<int>(phase_)) + " after " +
         std::to_string(done_steps_) + " steps: " + transcript_.shown() +
         (cancel_open_ ? ", waits for its cancel" : "") +
         (unsent_.empty() ? "" : ", has bytes to send");
}

}  // namespace weir::sim
