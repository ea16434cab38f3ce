#include "admin/command.h"

#include <doctest/doctest.h>

#include <string>

namespace weir::admin {

namespace {

using Kind = Command::Kind;

std::string error_of(std::string_view text) {
  const Command command = parse_command(text);
  CHECK(command.kind == Kind::Invalid);
  return command.error;
}

bool is_invalid(const std::string& text) {
  return error_of(text) == "invalid command '" + text + "', use SHOW HELP;";
}

}  // namespace

TEST_CASE("SHOW names its object in any case, with blanks and one semicolon") {
  for (const auto* text : {"SHOW pools", "show POOLS;", " Show\tPools ;\n", "SELECT pools",
                           "show \"POOLS\"", "\"show\" pools"}) {
    CAPTURE(text);
    const Command command = parse_command(text);
    CHECK(command.kind == Kind::Show);
    CHECK(command.what == "pools");
  }
  for (const auto* what : {"client_encoding", "extra_float_digits", "mem", "fds", "help"})
    CHECK(parse_command(std::string("show ") + what).what == what);
}

TEST_CASE("what is no single command is invalid, and repeated in the error") {
  for (const auto* text :
       {"", " ", ";", "begin", "select 1", "select version()", "show", "show nothing",
        "show version; show version", "show version;;", "-- hi", "show /* c */ version",
        "show version -- c", "show version extra", "show 'pools'", "show pools=1", "show \"\"",
        "pause 'p0'", "pause a b", "pause = 1", "pause a.b", "pause a-b", "pause a$b",
        "pause \"open", "pause \xc3\xa9", "suspend", "reload foo", "shutdown foo", "shutdown wait",
        "kill_client 12 34", "set", "set x", "set verbose", "set verbose to", "set verbose==0",
        "set verbose to=0", "set verbose to to 0", "set to 1", "set verbose = -1",
        "set server_lifetime=2.5", "set a = b, c", "set a = 'open", "set 'a' = 0",
        "set verbose = 1;;", "set session verbose=1"}) {
    CAPTURE(text);
    CHECK(is_invalid(text));
  }
}

TEST_CASE("a long invalid command is repeated only in part") {
  const std::string error = error_of(std::string(100'000, '('));
  CHECK(error.size() < 5'000);
  CHECK(error.ends_with("(((', use SHOW HELP;"));
}

TEST_CASE("a database is named as it is written, and may stand in double quotes") {
  struct Case {
    const char* text;
    Kind kind;
    const char* database;
  };
  for (const Case& c : {Case{"pause", Kind::Pause, ""}, {"PAUSE p0;", Kind::Pause, "p0"},
                        {"Pause P0", Kind::Pause, "P0"}, {"pause \"p0\"", Kind::Pause, "p0"},
                        {"pause \"a b;c\" ;", Kind::Pause, "a b;c"},
                        {"pause \"a\"\"b\"", Kind::Pause, "a\"b"}, {"pause \"\"", Kind::Pause, ""},
                        {"pause to", Kind::Pause, "to"}, {"resume 1a", Kind::Resume, "1a"},
                        {"kill p_0", Kind::Kill, "p_0"}, {"disable x", Kind::Disable, "x"},
                        {"enable x", Kind::Enable, "x"}, {"reconnect", Kind::Reconnect, ""},
                        {"wait_close x", Kind::WaitClose, "x"}}) {
    CAPTURE(c.text);
    const Command command = parse_command(c.text);
    CHECK(command.kind == c.kind);
    CHECK(command.database == c.database);
  }
}

TEST_CASE("SHUTDOWN says for whom it waits") {
  CHECK(parse_command("shutdown").wait == Command::Wait::Now);
  CHECK(parse_command("shutdown WAIT_FOR_SERVERS").wait == Command::Wait::Servers);
  CHECK(parse_command("SHUTDOWN wait_for_clients;").wait == Command::Wait::Clients);
  CHECK(parse_command("reload;").kind == Kind::Reload);
}

TEST_CASE("KILL_CLIENT takes an id, or a pointer as SHOW CLIENTS prints it") {
  CHECK(parse_command("KILL_CLIENT 77").kind == Kind::KillClient);
  CHECK(parse_command("kill_client 77").client == 77);
  CHECK(parse_command("kill_client \"77\"").client == 77);
  CHECK(parse_command("kill_client 0x4d;").client == 77);
  for (const auto* text : {"kill_client", "kill_client abc", "kill_client 12abc",
                           "kill_client 0x", "kill_client 99999999999999999999"}) {
    CAPTURE(text);
    CHECK(parse_command(text).kind == Kind::KillClient);
    CHECK(parse_command(text).client == 0);
  }
}

TEST_CASE("SET takes a word or a string, after = or TO") {
  struct Case {
    const char* text;
    const char* key;
    const char* value;
  };
  for (const Case& c : {Case{"set verbose=0", "verbose", "0"},
                        {"SET verbose TO 0;", "verbose", "0"},
                        {"set VERBOSE = 0x1", "VERBOSE", "0x1"}, {"set \"a\" = \"b\"", "a", "b"},
                        {"set to=1", "to", "1"}, {"set a='b, c'", "a", "b, c"},
                        {"set a = ''", "a", ""}, {"set a='it''s' ;", "a", "it's"}}) {
    CAPTURE(c.text);
    const Command command = parse_command(c.text);
    CHECK(command.kind == Kind::Set);
    CHECK(command.key == c.key);
    CHECK(command.value == c.value);
  }
  CHECK(parse_command("set application_name = x").kind == Kind::Set);
}

TEST_CASE("settings that drivers send on their own are told apart") {
  for (const auto* text : {"set client_encoding=utf8", "set CLIENT_ENCODING to 'UTF8'",
                           "set datestyle to iso", "set extra_float_digits = 3",
                           "set timezone to default", "set standard_conforming_strings=on"}) {
    CAPTURE(text);
    CHECK(parse_command(text).kind == Kind::FakeSet);
  }
}

TEST_CASE("the right form with too long a word is bad arguments") {
  const std::string a(300, 'a');
  CHECK(is_invalid(a.substr(0, 15)));
  CHECK(error_of(a.substr(0, 16)) == "bad arguments");
  CHECK(parse_command("pause " + a.substr(0, 63)).kind == Kind::Pause);
  CHECK(error_of("pause " + a.substr(0, 64)) == "bad arguments");
  CHECK(is_invalid("show " + a.substr(0, 63)));
  CHECK(error_of("show " + a.substr(0, 64)) == "bad arguments");
  CHECK(parse_command("set verbose=" + a.substr(0, 255)).kind == Kind::Set);
  CHECK(error_of("set verbose=" + a.substr(0, 256)) == "bad arguments");
  CHECK(is_invalid(a + " b = ="));
}

TEST_CASE("tags are the commands' names; SET repeats the setting") {
  CHECK(tag(parse_command("pause p0")) == "PAUSE");
  CHECK(tag(parse_command("kill_client 5")) == "KILL_CLIENT");
  CHECK(tag(parse_command("wait_close")) == "WAIT_CLOSE");
  CHECK(tag(parse_command("set verbose = '2'")) == "SET verbose=2");
  CHECK(tag(parse_command("set datestyle = x")) == "SET");
}

TEST_CASE("what the log says of commands") {
  CHECK(log_line(parse_command("pause")) == "PAUSE command issued");
  CHECK(log_line(parse_command("KILL \"My Db\"")) == "KILL 'My Db' command issued");
  CHECK(log_line(parse_command("shutdown wait_for_servers")) ==
        "SHUTDOWN WAIT_FOR_SERVERS command issued");
  for (const char* silent : {"SHOW POOLS", "SET verbose = 1", "KILL_CLIENT 7", "nonsense"})
    CHECK(log_line(parse_command(silent)).empty());
}

}  // namespace weir::admin
