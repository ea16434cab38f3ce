#include "cli/private_postgres.h"

#include <fmt/format.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <filesystem>
#include <random>

namespace weir::cli {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr const char* kData = "postgres";
constexpr const char* kLog = "postgres.log";
constexpr const char* kPassword = "password";

int leading_number(std::string_view text) {
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// Debian's place for every major version, then the PATH.
Result<std::string> find_programs() {
  int newest = 0;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", none)) {
    const int major = leading_number(entry.path().filename().string());
    if (major > newest && fs::exists(entry.path() / "bin/initdb", none)) newest = major;
  }
  if (newest > 0) return fmt::format("/usr/lib/postgresql/{}/bin", newest);
  const char* path = getenv("PATH");
  std::string_view left = path == nullptr ? "" : path;
  while (!left.empty()) {
    const fs::path folder = left.substr(0, left.find(':'));
    if (fs::exists(folder / "initdb", none)) return folder.string();
    left.remove_prefix(std::min(left.size(), folder.native().size() + 1));
  }
  return fail(
      "there is no PostgreSQL here: install the package postgresql, or name the folder of "
      "its programs with --postgres-bin");
}

std::string random_password() {
  constexpr std::string_view letters = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
  std::random_device random;
  std::uniform_int_distribution<std::size_t> pick(0, letters.size() - 1);
  std::string password;
  for (int i = 0; i < 24; ++i) password += letters[pick(random)];
  return password;
}

bool fits_socket(const std::string& folder) {
  return folder.size() + std::string_view("/.s.PGSQL.65535").size() < sizeof(sockaddr_un::sun_path);
}

// In a list of folders, as unix_socket_directories is.
std::string list_item(const std::string& folder) {
  std::string text = "\"";
  for (const char c : folder) text += c == '"' ? std::string("\"\"") : std::string(1, c);
  return text + "\"";
}

}  // namespace

Result<PrivatePostgres> PrivatePostgres::prepare(const StateFolder& folder,
                                                 const std::string& bin) {
  auto programs = bin.empty() ? find_programs() : Result<std::string>(bin);
  if (!programs) return std::unexpected(programs.error());
  PrivatePostgres postgres(folder, *programs);
  auto good = postgres.find_version();
  if (good) good = postgres.find_socket_folder();
  if (good) good = folder.has(kData) ? postgres.check_data() : postgres.make_data();
  if (!good) return std::unexpected(good.error());
  auto password = folder.read(kPassword);
  if (!password) {
    return fail(
        fmt::format("{} is gone, and nobody can log in without it; move {} away to start "
                    "with an empty database",
                    folder.file(kPassword), folder.file(kData)));
  }
  postgres.password_ = *password;
  return postgres;
}

Result<void> PrivatePostgres::find_version() {
  const auto told = run({{bin_ + "/postgres", "--version"}, folder_->path()});
  if (!told) return std::unexpected(told.error());
  const auto at = told->output.find(") ");
  if (told->status != 0 || at == std::string::npos) {
    return fail(fmt::format("no working PostgreSQL in {}: {}", bin_, told->output));
  }
  const auto rest = told->output.substr(at + 2);
  version_ = rest.substr(0, rest.find_first_of(" \n"));
  return {};
}

Result<void> PrivatePostgres::find_socket_folder() {
  socket_folder_ = folder_->path();
  if (fits_socket(socket_folder_)) return {};
  std::string made = "/tmp/weir-XXXXXX";
  if (mkdtemp(made.data()) == nullptr) return fail("cannot make a folder for the socket in /tmp");
  socket_folder_ = made;
  return {};
}

Result<void> PrivatePostgres::check_data() const {
  const auto data = folder_->file(kData);
  const auto made_by = folder_->read(std::string(kData) + "/PG_VERSION");
  if (!made_by) {
    return fail(fmt::format("{} is no data directory of PostgreSQL: {}; move it away", data,
                            made_by.error().text));
  }
  if (leading_number(*made_by) != leading_number(version_)) {
    return fail(
        fmt::format("{} was made by PostgreSQL {}, and {} holds {}; give the programs of {} with "
                    "--postgres-bin, or move the folder away to start with an empty database",
                    data, leading_number(*made_by), bin_, version_, leading_number(*made_by)));
  }
  const auto pid_file = folder_->read(std::string(kData) + "/postmaster.pid");
  const int pid = pid_file ? leading_number(*pid_file) : 0;
  if (pid <= 0 || (kill(pid, 0) != 0 && errno == ESRCH)) return {};
  // A server's working directory is its data directory; any other process only got the number of
  // one that was killed, and PostgreSQL would refuse to start because of it.
  std::error_code error;
  const auto place = fs::read_symlink(fmt::format("/proc/{}/cwd", pid), error);
  if (!error && place == data) {
    return fail(
        fmt::format("a PostgreSQL already runs in {} as process {}; stop it with: kill -INT {}",
                    data, pid, pid));
  }
  fs::remove(data + "/postmaster.pid", error);
  return {};
}

// Beside its place first: what an interrupted initdb leaves is never taken for data.
Result<void> PrivatePostgres::make_data() {
  const auto part = folder_->file("postgres.part");
  std::error_code error;
  fs::remove_all(part, error);
  const auto kept = folder_->write(kPassword, random_password());
  if (!kept) return kept;
  const auto made = run({{bin_ + "/initdb", "-D", part, "-U", kPrivateUser, "--auth=scram-sha-256",
                          "--pwfile=" + folder_->file(kPassword), "--encoding=UTF8",
                          "--locale=C.UTF-8", "--no-instructions"},
                         folder_->path()});
  if (!made) return std::unexpected(made.error());
  if (made->status != 0) return fail(fmt::format("initdb failed:\n{}", made->output));
  fs::rename(part, folder_->file(kData), error);
  if (error) return fail(fmt::format("{}: {}", folder_->file(kData), error.message()));
  return {};
}

Result<void> PrivatePostgres::start(Interrupt& interrupt) {
  auto server = Child::start(
      {{bin_ + "/postgres", "-D", folder_->file(kData), "-c", "listen_addresses=", "-c",
        "unix_socket_directories=" + list_item(socket_folder_), "-c",
        "unix_socket_permissions=0700", "-c", fmt::format("port={}", port()), "-c",
        "logging_collector=off", "-c", "password_encryption=scram-sha-256"},
       folder_->path()},
      folder_->file(kLog));
  if (!server) return std::unexpected(server.error());
  server_ = std::move(*server);
  while (server_.running()) {
    if (watch::Console::connect(login("postgres"), 2s)) return make_database();
    if (interrupt.wait(50ms)) return fail("interrupted");
  }
  return fail(fmt::format("PostgreSQL did not start; the end of {}:\n{}", folder_->file(kLog),
                          folder_->last_lines(kLog, 10)));
}

void PrivatePostgres::stop() {
  // Fast, then at once: the next start recovers from the log of changes.
  if (!server_.stop(SIGINT, 60s)) server_.stop(SIGQUIT, 5s);
  if (socket_folder_ != folder_->path()) rmdir(socket_folder_.c_str());
}

Result<void> PrivatePostgres::make_database() const {
  auto console = watch::Console::connect(login("postgres"), 5s);
  if (!console) return std::unexpected(console.error());
  const auto there = console->query("SELECT 1 FROM pg_database WHERE datname = 'weir'", 5s);
  if (!there) return std::unexpected(there.error());
  if (!there->empty()) return {};
  const auto made = console->query("CREATE DATABASE weir", 60s);
  if (!made) return std::unexpected(made.error());
  return {};
}

Result<std::string> PrivatePostgres::secret() const {
  auto console = watch::Console::connect(login("postgres"), 5s);
  if (!console) return std::unexpected(console.error());
  const auto rows =
      console->query("SELECT rolpassword FROM pg_authid WHERE rolname = current_user", 5s);
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return fail("the server has no secret for its own user");
  return rows->front().find("rolpassword")->second;
}

watch::Parameters PrivatePostgres::login(const std::string& database) const {
  return private_login(socket_folder_, port(), database, password_);
}

watch::Parameters private_login(const std::string& host, int port, const std::string& database,
                                const std::string& password) {
  return {{"host", host},         {"port", fmt::format("{}", port)}, {"dbname", database},
          {"user", kPrivateUser}, {"password", password},            {"sslmode", "disable"},
          {"application_name", "weir up"}};
}

}  // namespace weir::cli
