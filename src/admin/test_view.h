// A pooler with two workers as the tests of this folder see it.
#pragma once

#include <string>
#include <vector>

#include "admin/render.h"
#include "admin/test_answer.h"

namespace weir::admin {

struct TestPooler {
  config::Config config;
  std::vector<session::Snapshot> workers{2};
  Instant start{Duration(1'000'000'000)};
  Instant now = start + std::chrono::seconds(100);
  Averages averages{start};
  std::vector<std::string> paused, disabled;
  bool all_paused = false, shutting_down = false;
  stats::Counters console;
  std::vector<HostRow> hosts;

  View view() const {
    return {.workers = workers, .config = config, .averages = averages,
            .version = "PgBouncer 1.26.1 (Weir 0.1.0)",
            .wall_us = 1'795'423'575'000'000,  // 2026-11-23 08:46:15 UTC
            .now = now, .all_paused = all_paused, .shutting_down = shutting_down,
            .paused = paused, .disabled = disabled, .console = console, .hosts = hosts};
  }

  config::Database& add_database(const std::string& name) {
    config::Database& db = config.databases[name];
    db.name = name;
    db.dbname = name;
    return db;
  }

  session::PoolRow& add_pool(std::size_t worker, const std::string& database,
                             const std::string& user) {
    return workers[worker].pools.emplace_back(
        session::PoolRow{.database = database, .user = user});
  }

  session::SocketRow& add_client(std::size_t worker, const std::string& database,
                                 const std::string& user, const std::string& state) {
    ++workers[worker].client_count;
    if (database == kConsoleDatabase) ++workers[worker].console_count;
    workers[worker].client_users.push_back(user);
    return add_socket(worker, {.type = 'C', .user = user, .database = database, .state = state,
                               .address = "10.0.0.9", .local_address = "10.0.0.1",
                               .application_name = "psql"});
  }

  session::SocketRow& add_server(std::size_t worker, const std::string& database,
                                 const std::string& user, const std::string& state) {
    ++workers[worker].server_count;
    return add_socket(worker, {.type = 'S', .user = user, .database = database, .state = state,
                               .address = "10.0.0.5", .local_address = "10.0.0.1",
                               .application_name = ""});
  }

  Answer ask(std::string_view text) const {
    const Command command = parse_command(text);
    CHECK(command.kind == Command::Kind::Show);
    wire::Buffer out;
    render_show(command, view(), out);
    return read_answer(out);
  }

 private:
  session::SocketRow& add_socket(std::size_t worker, session::SocketRow row) {
    row.connected = start + std::chrono::seconds(40);
    row.request = now;
    auto& side = row.type == 'C' ? workers[worker].clients : workers[worker].servers;
    return side.emplace_back(std::move(row));
  }
};

}  // namespace weir::admin
