// A PostgreSQL server of our own in a StateFolder: made on first use, reached over a Unix socket,
// with one superuser whose password is a random one, kept beside the data.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/child.h"
#include "cli/interrupt.h"
#include "cli/state_folder.h"
#include "watch/console.h"

namespace weir::cli {

inline constexpr const char* kPrivateUser = "weir";

// How to log in as that user, to the server or to the pooler in front of it.
watch::Parameters private_login(const std::string& host, int port, const std::string& database,
                                const std::string& password);

class PrivatePostgres {
 public:
  // `bin` holds PostgreSQL's programs; empty: the newest that is installed. `folder` must outlive
  // this object.
  static Result<PrivatePostgres> prepare(const StateFolder& folder, const std::string& bin);

  // Returns when it takes connections and the database `weir` exists, or when interrupted.
  Result<void> start(Interrupt& interrupt);
  bool running() { return server_.running(); }
  void stop();

  pid_t pid() const { return server_.pid(); }
  const std::string& version() const { return version_; }
  const std::string& password() const { return password_; }
  const std::string& socket_folder() const { return socket_folder_; }
  int port() const { return 5432; }  // only a part of the socket's name
  // The password as the server stores it: with the same secret the pooler can log in as its client.
  Result<std::string> secret() const;

 private:
  PrivatePostgres(const StateFolder& folder, std::string bin)
      : folder_(&folder), bin_(std::move(bin)) {}

  Result<void> find_version();
  Result<void> find_socket_folder();
  Result<void> check_data() const;
  Result<void> make_data();
  Result<void> make_database() const;
  watch::Parameters login(const std::string& database) const;

  const StateFolder* folder_;
  std::string bin_, version_, password_, socket_folder_;
  Child server_;
};

}  // namespace weir::cli
