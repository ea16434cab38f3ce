#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "net/socket.h"
#include "net/test_sockets.h"

using namespace weir::net;
using namespace weir::net::test;

namespace {

struct stat file_status(const std::string& path) {
  struct stat status{};
  REQUIRE(::lstat(path.c_str(), &status) == 0);
  return status;
}

std::string abstract_name(const char* suffix) {
  return "@weir-test-" + std::to_string(::getpid()) + suffix;
}

}  // namespace

TEST_CASE("a unix listener has the mode asked for and knows who connects") {
  const Directory directory;
  const std::string path = directory.file(".s.PGSQL.6432");
  const auto listener = listen_unix(path, 0600, "", 16);
  REQUIRE(listener.has_value());
  CHECK((file_status(path).st_mode & 07777) == 0600);
  CHECK(local_address(listener->get())->path() == path);
  const Pair pair = connect_pair(listener->get());
  CHECK(connect_error(pair.client.get()) == 0);
  CHECK(*peer_uid(pair.server.get()) == ::geteuid());
  CHECK(*peer_pid(pair.server.get()) == ::getpid());
  CHECK(send_text(pair.client.get(), "hello").n == 5);
  CHECK(receive_text(pair.server.get()) == "hello");
}

TEST_CASE("the group is a name or a number, and an unknown one leaves nothing behind") {
  const Directory directory;
  const std::string path = directory.file("s");
  const auto listener = listen_unix(path, 0770, std::to_string(::getegid()), 16);
  REQUIRE(listener.has_value());
  CHECK(file_status(path).st_gid == ::getegid());
  const std::string other = directory.file("other");
  const auto failed = listen_unix(other, 0770, "no-such-group", 16);
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().text == "group no-such-group does not exist");
  CHECK(::access(other.c_str(), F_OK) != 0);
}

TEST_CASE("a live unix socket is left alone, a stale one is replaced") {
  const Directory directory;
  const std::string path = directory.file("s");
  {
    const auto first = listen_unix(path, 0777, "", 16);
    REQUIRE(first.has_value());
    const auto second = listen_unix(path, 0777, "", 16);
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().text == "unix socket is in use, cannot continue");
    CHECK(connect_start(unix_address(path)).has_value());
  }
  CHECK(::access(path.c_str(), F_OK) == 0);
  CHECK_FALSE(connect_start(unix_address(path)).has_value());
  const auto third = listen_unix(path, 0777, "", 16);
  REQUIRE(third.has_value());
  CHECK(connect_start(unix_address(path)).has_value());
}

TEST_CASE("a live socket with a full queue is live") {
  const Directory directory;
  const std::string path = directory.file("s");
  const auto first = listen_unix(path, 0777, "", 0);
  REQUIRE(first.has_value());
  const auto waiting = connect_start(unix_address(path));
  REQUIRE(waiting.has_value());
  CHECK_FALSE(connect_start(unix_address(path)).has_value());
  const auto second = listen_unix(path, 0777, "", 16);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().text == "unix socket is in use, cannot continue");
}

TEST_CASE("a file that is no socket is never removed") {
  const Directory directory;
  const std::string path = directory.file("precious");
  std::ofstream(path) << "data";
  const auto listener = listen_unix(path, 0777, "", 16);
  REQUIRE_FALSE(listener.has_value());
  CHECK(listener.error().text == path + " is not a socket");
  CHECK(file_status(path).st_size == 4);
}

TEST_CASE("abstract sockets leave no file and can be in use") {
  const std::string name = abstract_name("a");
  const auto listener = listen_unix(name, 0777, "", 16);
  REQUIRE(listener.has_value());
  CHECK(::access(name.c_str(), F_OK) != 0);
  const Pair pair = connect_pair(listener->get());
  CHECK(send_text(pair.server.get(), "hello").n == 5);
  CHECK(receive_text(pair.client.get()) == "hello");
  CHECK(*peer_uid(pair.server.get()) == ::geteuid());
  const auto second = listen_unix(name, 0777, "", 16);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().text == "unix socket is in use, cannot continue");
}

TEST_CASE("paths that do not fit are errors, and TCP has no peer credentials") {
  CHECK_FALSE(listen_unix(std::string(200, 'a'), 0777, "", 16).has_value());
  CHECK_FALSE(connect_start(unix_address(std::string(200, 'a'))).has_value());
  CHECK_FALSE(listen_unix("/no-such-directory/s", 0777, "", 16).has_value());
  const Pair pair = tcp_pair();
  CHECK_FALSE(peer_uid(pair.server.get()).has_value());
}
