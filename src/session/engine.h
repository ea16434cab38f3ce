// Everything that one worker pools: its clients, its servers, their pools, and how events change
// them. Pure: bytes, events and a time come in, effects go out; no sockets, clocks or threads.
// One Engine per worker; only the ledger and the configuration are shared.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "auth/secret.h"
#include "base/random.h"
#include "base/slab.h"
#include "config/config.h"
#include "pool/pool.h"
#include "session/auth_query.h"
#include "session/errors.h"
#include "session/memory.h"
#include "session/peering.h"
#include "session/replication.h"

namespace weir::session {

class Engine {
 public:
  struct Setup {
    unsigned worker;
    pool::Ledger& ledger;
    Random& random;
    std::shared_ptr<const config::Config> config;
    auth::Key mock_key;  // one per process, for mock and ad hoc salts
    unsigned generation = 0;  // of the process: a successor's is one more
  };
  explicit Engine(Setup setup);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // --- Events of clients ---
  ClientId client_connected(Peer peer, Instant now);
  // Whether a readable client shall be read now. If not, it is queued for a server, and a Read
  // effect comes when its turn has.
  bool client_readable(ClientId id, Instant now, Effects& out);
  // Bytes that were read; empty where a read found nothing.
  void client_bytes(ClientId id, Bytes in, Instant now, Effects& out);
  void client_closed(ClientId id, std::string_view reason, Instant now, Effects& out);
  void client_behind(ClientId id, bool behind, Instant now);  // bytes for it wait until it reads

  // --- Events of servers ---
  void server_connected(ServerId id, std::string_view local_address, std::uint16_t local_port,
                        Instant now, Effects& out);
  void server_failed(ServerId id, std::string_view reason, Instant now, Effects& out);
  void server_bytes(ServerId id, Bytes in, Instant now, Effects& out);
  void server_closed(ServerId id, std::string_view reason, Instant now, Effects& out);
  // Where to connect after a Connect effect.
  const Endpoint* endpoint(ServerId id);
  // How the handshake that a StartTls effect has begun ended: what it said, or why it failed.
  void secured(Connection c, Result<TlsFacts> facts, Instant now, Effects& out);

  // --- Others ---
  void tick(Instant now, Effects& out);
  // For Kind::Parcel returns the id that the travelling connection has from now on; it is invalid
  // where the connection is not wanted any more and must be closed.
  ServerId letter(const Letter& letter, Instant now, Effects& out);
  void configure(std::shared_ptr<const config::Config> config, Instant now, Effects& out);
  void verdict(const auth::Verdict& verdict, Instant now, Effects& out);  // of an Ask effect
  // What a console client's command has given, as ConsoleCommand::Stage says.
  void console_reply(ClientId id, Bytes answer, Effects& out);

  Snapshot snapshot(Instant now, bool with_sockets = true);
  bool add_timings(Snapshot& shot, std::size_t most) const;  // that many more; true: all done
  void check_invariants();
  // Who is at the other end of the server or client that a connection serves, if anybody.
  std::optional<Connection> peer_of(Connection c);

 private:
  friend class AuthQuery;
  friend class ConnectQuery;
  friend class Peering;
  friend class Replication;
  friend class Takeover;

  // client_startup.cc
  void startup_bytes(Client& c, Bytes& in, Instant now, Effects& out);
  void handle_startup(Client& c, Bytes packet, Bytes rest, Instant now, Effects& out);
  void begin_login(Client& c, wire::Startup startup, Instant now, Effects& out);
  bool is_closed(Client& c, Instant now, Effects& out);
  bool admit(Client& c, Instant now, Effects& out);
  struct LoginFlow;  // login_flow.h
  // client_login.cc
  const auth::Secret* secret_of(const Client& c) const;
  void start_exchange(Client& c, Instant now, Effects& out);
  void make_exchange(Client& c);
  void auth_bytes(Client& c, Bytes& in, Instant now, Effects& out);
  void login_step(Client& c, const auth::ClientStep& step, Instant now, Effects& out);
  void authenticated(Client& c, Instant now, Effects& out);
  void enter_room(Client& c, Instant now, Effects& out);
  void wait_for_server(Client& c, Room& r, Instant now, Effects& out);
  void welcome(Client& c, Instant now, Effects& out);
  void enter_console(Client& c, Instant now, Effects& out);
  void console_bytes(Client& c, Bytes& in, Instant now, Effects& out);
  // relay_client.cc: from client to server
  void relay_client(Client& c, Bytes& in, Instant now, Effects& out);
  void relay_messages(Client& c, Bytes& in, Instant now, Effects& out);
  void pass_copy_data(Client& c, Bytes& in, Effects& out);
  bool client_message(Client& c, const wire::Piece& piece, Instant now, Effects& out);
  bool answer_idle(Client& c, const wire::Piece& piece, Instant now, Effects& out);
  void on_query(Client& c, const wire::Piece& piece, Instant now, Effects& out);
  void on_execute(Client& c, const wire::Piece& piece, Instant now, Effects& out);
  void on_sync(Client& c, const wire::Piece& piece, Instant now, Effects& out);
  void on_copy_end(Client& c, const wire::Piece& piece, Instant now, Effects& out);
  void pass(Client& c, const wire::Piece& piece, Effects& out);
  void push(Server& s, Request request, Instant now);
  void note_effects(Server& s, sql::Effects effects, std::string_view text, Effects& out);
  void forbid(Client& c, Request::Kind kind, Instant now, Effects& out);
  // prepared.cc: prepared statements, named and unnamed
  void on_parse(Client& c, const wire::Piece& piece, Instant now, Effects& out);
  void parse_named(Client& c, std::string_view name, Bytes definition, Instant now, Effects& out);
  void parse_unnamed(Client& c, const wire::Piece& piece, Bytes definition, Instant now,
                     Effects& out);
  bool parse_deallocate(Client& c, std::string_view text, Instant now, Effects& out);
  bool on_bind(Client& c, const wire::Piece& piece, Instant now, Effects& out);
  bool on_describe(Client& c, const wire::Piece& piece, Instant now, Effects& out);
  void on_close(Client& c, const wire::Piece& piece, Instant now, Effects& out);
  bool deallocate(Client& c, std::string_view text, Instant now, Effects& out);
  void pass_renamed(Client& c, const wire::Piece& piece, std::string_view name,
                    std::string_view server_name, Effects& out);
  bool is_unsettled(const Client& c, const Server& s, std::string_view name) const;
  bool must_wait(const Client& c, const Server& s, const wire::Piece& piece) const;
  void send_parse(Server& s, std::string_view name, Bytes definition, Effects& out);
  void teach(Server& s, const Statement& statement, Request::For whose, Instant now, Effects& out);
  void ensure_statement(Server& s, const StatementRef& statement, Instant now, Effects& out);
  void ensure_unnamed(Client& c, Server& s, Instant now, Effects& out);
  void close_statement(Server& s, std::uint64_t id, Instant now, Effects& out);
  void evict_statements(Server& s, Instant now, Effects& out);
  void unnamed_uncertain(Server& s);
  void end_unnamed(Client& c);
  bool renames_statements(const Client& c) const;
  // stale.cc: prepared statements after DDL
  bool fitted(Client& c, const StatementRef& statement, Instant now, Effects& out);
  void on_described(Server& s, const Request& asked, const wire::Piece& piece, Effects& out);
  void end_hold(Server& s, Effects& out);
  static void keep_batch(Server& s, const Effects& out);
  bool repeat_batch(Server& s, Instant now, Effects& out);

  // relay_server.cc: from server to client
  void relay_server(Server& s, Bytes& in, Instant now, Effects& out);
  void pass_rows(Server& s, Bytes& in, Effects& out);
  bool server_message(Server& s, const wire::Piece& piece, Instant now, Effects& out);
  bool answered(Server& s, const wire::Piece& piece, Request::Kind kind, Instant now, Effects& out);
  void to_client(Server& s, const wire::Piece& piece, Effects& out);
  void on_ready(Server& s, const wire::Piece& piece, Instant now, Effects& out);
  void on_error(Server& s, const wire::Piece& piece, Instant now, Effects& out);
  bool replace_refusal(Server& s, Bytes body, Effects& out);
  void skip_to_sync(Server& s, Instant now, Effects& out);
  void count_query(Server& s, Instant now);
  void pop_request(Server& s, Effects& out);
  void resume_waiting(Server& s, Effects& out);
  void flush_fakes(Server& s, Effects& out);
  void on_command_complete(Server& s, const wire::Piece& piece);
  void on_parameter_status(Server& s, Bytes body);
  void begin_pooler_row(Server& s, const wire::Piece& piece);
  void on_pooler_row(Server& s, Bytes part, bool last);
  // server_login.cc
  Server& open_server(Room& room, Instant now, Effects& out);
  void server_login_bytes(Server& s, Bytes& in, Instant now, Effects& out);
  bool login_message(Server& s, const wire::Piece& piece, Instant now, Effects& out);
  void ssl_answer(Server& s, Bytes in, Instant now, Effects& out);
  void begin_server_login(Server& s, Effects& out);
  bool on_authentication(Server& s, Bytes body, Instant now, Effects& out);
  void server_ready(Server& s, Instant now, Effects& out);
  void login_failed(Server& s, std::string reason, std::string sqlstate, Instant now, Effects& out);
  // assign.cc: which server serves which client
  bool acquire(Client& c, Instant now, Effects& out);
  void grant(Client& c, Server& s, Instant now, Effects& out);
  void apply_settings(Server& s, const SettingsRef& wanted, Instant now, Effects& out);
  void note_accepted(Server& s, const SettingsRef& wanted);
  void after_traffic(Server& s, Instant now, Effects& out);
  void release(Server& s, Instant now, Effects& out);
  void free_server(Server& s, Instant now, Effects& out);
  void serve(Room& room, Server& s, Instant now, Effects& out);
  void want_servers(Room& room, Instant now, Effects& out);
  void ask_elsewhere(Room& room, Effects& out);
  void evict(Room& room, pool::Pool::Opening why, Instant now, Effects& out);
  bool evict_here(std::string_view database, std::string_view user, const Room* except, Instant now,
                  Effects& out);
  void inquire(Server& s, Instant now, Effects& out);
  void finish_pooler_query(Server& s, Request::Kind kind, Instant now, Effects& out);
  void finish_apply(Server& s, Instant now, Effects& out);
  void finish_inquiry(Server& s, Effects& out);
  void check_then_serve(Server& s, Instant now, Effects& out);
  void pooler_query(Server& s, Request::Kind kind, std::string_view sql, Instant now, Effects& out);
  void unlink(Server& s);
  // leave.cc: clients and servers that go
  void drop_client(Client& c, ClientEnd why, std::string_view text, Instant now, Effects& out);
  void refuse(Client& c, Fault fault, std::string_view text, Instant now, Effects& out);
  void refuse_report(Client& c, ClientEnd why, const wire::Report& r, Instant now, Effects& out);
  void refuse_failing(Client& c, Instant now, Effects& out);
  void leave_server(Server& s, bool half_sent, Instant now, Effects& out);
  void continue_rescue(Server& s, Instant now, Effects& out);
  void end_open_work(Server& s, Instant now, Effects& out);
  void close_server(Server& s, ServerEnd why, Instant now, Effects& out, std::string_view = {});
  void lose_server(Server& s, Fault fault, std::string_view text, Instant now, Effects& out);
  void forget_client(Client& c);
  void forget_server(Server& s);

  // cancel.cc
  void cancel_request(Client& asker, const wire::Startup& startup, Instant now, Effects& out);
  bool cancel_client(CancelKey key, ClientId asker, int asker_worker, Instant now, Effects& out);
  void cancel_answer(ClientId asker, int asker_worker, Instant now, Effects& out);
  void start_cancel(Server& target, ClientId asker, int asker_worker, Instant now, Effects& out);
  void cancel_over(Server& carrier, Instant now, Effects& out);
  void make_cancel_key(Client& c);
  void cancel_waiting(Client& c, Instant now, Effects& out);
  void answer_canceled(Client& c, const wire::Piece& piece, Effects& out);
  void tell_others(Room& room, const Settings& settings, Effects& out);
  void learn(const Letter& letter, Instant now, Effects& out);
  void hand_over(Server& s, unsigned worker, Instant now, Effects& out);
  void server_wanted(const Letter& letter, Instant now, Effects& out);
  ServerId receive(const Letter& letter, Instant now, Effects& out);

  // control.cc
  void control(const Letter& letter, Instant now, Effects& out);
  void pause(const Letter& letter, Instant now, Effects& out);
  void resume(std::string_view database, Instant now, Effects& out);
  void reconnect(std::string_view database, Instant now, Effects& out);
  void kill(std::string_view database, Instant now, Effects& out);
  bool is_quiet(std::string_view database);
  bool nothing_to_close(std::string_view database);
  bool kill_client(std::uint64_t number, Instant now, Effects& out);
  // tick.cc
  void tick_room(Room& room, Instant now, Effects& out);
  void drop_idle_rooms(Instant now, Effects& out);
  void tick_waiting(Room& room, Instant now, Effects& out);
  void tick_active(Room& room, Instant now, Effects& out);
  void tick_servers(Room& room, Instant now, Effects& out);
  void turn_away_waiters(Room& room, bool also_logins, Instant now, Effects& out);
  void check_paused(Instant now, Effects& out);
  void cancel_timeouts(Room& room, Instant now, Effects& out);
  void tick_logins(Instant now, Effects& out);
  void tick_idle(Room& room, Instant now, Effects& out);
  void log(const Client& c, Effects& out, LogLevel level, std::string text);
  void log(const Server& s, Effects& out, LogLevel level, std::string text);
  Room& room(std::string_view database, std::string_view user);
  Room* find_room(std::string_view database, std::string_view user);
  void configure_room(Room& room);
  void open_fixed_rooms();
  void close_room(Room& room, Instant now, Effects& out);
  Room& room_of(const pool::ClientSlot& c) { return static_cast<Room&>(*c.pool); }
  Room& room_of(const pool::ServerSlot& s) { return static_cast<Room&>(*s.pool); }
  Client* client(ClientId id) { return clients_.find(id); }
  Server* server(ServerId id) { return servers_.find(id); }
  const unsigned worker_;
  pool::Ledger& ledger_;
  Random& random_;
  std::shared_ptr<const config::Config> config_;
  const auth::Key mock_key_;
  StatementTable statements_;
  Rooms rooms_;
  std::map<std::string, unsigned, std::less<>> names_;  // that clients gave, and how many did
  Slab<Client, ClientId> clients_;
  Slab<Server, ServerId> servers_;
  pool::ClientList arriving_, consoles_;  // clients in no pool: before their login; of the console
  stats::Tally tally_;
  stats::Applications applications_;
  std::unordered_map<std::uint64_t, ClientId> cancel_keys_;
  AuthQuery auth_query_{*this};
  Peering peering_{*this};
  Replication replication_{*this};
  wire::Buffer scratch_;       // for messages under construction; empty between uses
  std::vector<Letter> pauses_;  // PAUSE and SHUTDOWN commands that wait for servers to be free
  std::set<std::string, std::less<>> paused_, disabled_;  // databases; disabled: no new logins
  std::uint64_t epoch_ = 0;  // RECONNECTs and reloads so far: the same on every worker
  bool all_paused_ = false, shutting_down_ = false, ending_ = false;  // ending: nobody is served
};

}  // namespace weir::session
