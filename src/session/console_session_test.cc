#include "session/console_session.h"

#include <doctest/doctest.h>

#include "session/result_formats.h"

using namespace weir;
using session::ConsoleSession;
using Kind = ConsoleSession::Step::Kind;
using Stage = session::ConsoleCommand::Stage;
namespace fe = wire::fe;
namespace be = wire::be;

namespace {

// An answer of the simple protocol: two columns, int4 and numeric, and rows 1 to `rows`.
wire::Buffer table(int rows) {
  wire::Buffer out;
  {
    wire::Writer w(out, be::kRowDescription);
    w.u16(2).cstr("a").u32(0).u16(0).u32(23).u16(4).u32(0xffffffff).u16(0);
    w.cstr("b").u32(0).u16(0).u32(1700).u16(0xffff).u32(0xffffffff).u16(0);
  }
  for (int i = 1; i <= rows; ++i) {
    wire::Writer w(out, be::kDataRow);
    w.u16(2).u32(1).text(std::to_string(i)).u32(0xffffffff);
  }
  wire::append_command_complete(out, "SHOW");
  wire::append_ready(out, 'I');
  return out;
}

// The types of the messages.
std::string types(const wire::Buffer& bytes) {
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += 1 + load_u32(&bytes[at + 1]))
    out += static_cast<char>(bytes[at]);
  return out;
}

struct Conversation {
  ConsoleSession session{true, false};
  wire::Buffer out;
  session::ConsoleCommand command;

  // Sends a message; what is answered at once is returned, and a command kept.
  std::string send(std::uint8_t type, const wire::Buffer& body = {}) {
    out.clear();
    ConsoleSession::Step step = session.take({type, body, {}}, out);
    if (step.kind == Kind::Run) command = std::move(step.command);
    CHECK(session.busy() == (step.kind == Kind::Run));
    return types(out);
  }
  std::string reply(const wire::Buffer& answer) {
    out.clear();
    session.reply(answer, out);
    return types(out);
  }
  std::string parse(std::string_view name, std::string_view text) {
    return send(fe::kParse, strings({name, text}, 2));
  }
  std::string bind(std::string_view portal, std::string_view statement,
                   std::initializer_list<std::uint16_t> formats = {}, std::uint8_t values = 0) {
    wire::Buffer body = strings({portal, statement}, 2);
    for (int i = 0; i < 1; ++i) body.push_back(0);
    body.push_back(values);
    for (int i = 0; i < values; ++i) body.insert(body.end(), 4, 0xff);  // NULLs
    body.push_back(0);
    body.push_back(static_cast<std::uint8_t>(formats.size()));
    for (const std::uint16_t format : formats) {
      body.push_back(0);
      body.push_back(static_cast<std::uint8_t>(format));
    }
    return send(fe::kBind, body);
  }
  std::string describe(char kind, std::string_view name) {
    wire::Buffer body{static_cast<std::uint8_t>(kind)};
    const wire::Buffer rest = strings({name}, 0);
    body.insert(body.end(), rest.begin(), rest.end());
    return send(fe::kDescribe, body);
  }
  std::string execute(std::string_view portal, std::uint8_t rows = 0) {
    wire::Buffer body = strings({portal}, 3);
    body.push_back(rows);
    return send(fe::kExecute, body);
  }
  std::string error(char field) const { return std::string(
      wire::report_field(Bytes(out).subspan(wire::kHeaderSize), field)); }

 private:
  static wire::Buffer strings(std::initializer_list<std::string_view> texts, std::size_t zeros) {
    wire::Buffer body;
    for (const std::string_view text : texts) {
      body.insert(body.end(), text.begin(), text.end());
      body.push_back(0);
    }
    body.insert(body.end(), zeros, 0);
    return body;
  }
};

}  // namespace

TEST_CASE("a simple query's answer goes through as it is") {
  Conversation c;
  CHECK(c.send(fe::kQuery, {'S', 'H', 'O', 'W', 0}) == "");
  CHECK(c.command.text == "SHOW");
  CHECK(c.command.admin);
  CHECK(c.reply(table(2)) == "TDDCZ");
}

TEST_CASE("an extended query: description once, rows without it, ReadyForQuery at the Sync") {
  Conversation c;
  CHECK(c.parse("", "SHOW POOLS") == "1");
  CHECK(c.bind("", "") == "2");
  CHECK(c.describe('P', "") == "");
  CHECK(c.command.stage == Stage::Describe);
  CHECK(c.command.text == "SHOW POOLS");
  CHECK(c.reply(table(0)) == "T");
  CHECK(c.execute("") == "");
  CHECK(c.command.stage == Stage::Run);
  CHECK(c.reply(table(2)) == "DDC");
  CHECK(c.send(fe::kFlush) == "");
  CHECK(c.send(fe::kSync) == "Z");
  CHECK(c.execute("") == "E");  // no portal outlives its Sync
  CHECK(c.error('C') == "34000");
}

TEST_CASE("a named statement is described with its parameters and can be used again") {
  Conversation c;
  CHECK(c.parse("s", "SHOW POOLS") == "1");
  CHECK(c.describe('S', "s") == "");
  CHECK(c.reply(table(0)) == "tT");
  CHECK(c.send(fe::kSync) == "Z");
  for (int i = 0; i < 2; ++i) {
    CHECK(c.bind("", "s") == "2");
    c.execute("");
    CHECK(c.reply(table(1)) == "DC");
    CHECK(c.send(fe::kSync) == "Z");
  }
  CHECK(c.send(fe::kClose, {'S', 's', 0}) == "3");
  CHECK(c.bind("", "s") == "E");
  CHECK(c.error('C') == "26000");
}

TEST_CASE("rows are given as many as are wanted") {
  Conversation c;
  c.parse("", "SHOW POOLS");
  c.bind("p", "");
  c.execute("p", 2);
  CHECK(c.reply(table(5)) == "DDs");
  CHECK(c.execute("p", 2) == "DDs");
  CHECK(c.execute("p", 2) == "DC");
  CHECK(c.execute("p", 2) == "C");
}

TEST_CASE("numbers in binary where that was asked for") {
  Conversation c;
  c.parse("", "SHOW POOLS");
  c.bind("", "", {1, 0});
  c.describe('P', "");
  CHECK(c.reply(table(0)) == "T");
  CHECK(c.out[c.out.size() - 1] == 0);
  c.execute("");
  CHECK(c.reply(table(1)) == "DC");
  const Bytes row = Bytes(c.out).subspan(wire::kHeaderSize);
  Reader in(row);
  CHECK(in.u16() == 2);
  CHECK(in.u32() == 4);
  CHECK(in.u32() == 1);
  CHECK(in.u32() == 0xffffffff);
  c.send(fe::kSync);
  c.bind("", "", {1, 0, 1});
  c.describe('P', "");
  CHECK(c.reply(table(0)) == "E");
  CHECK(c.error('M') == "bind message has 3 result formats but query has 2 columns");
}

TEST_CASE("numeric in binary is PostgreSQL's") {
  const auto binary = [](std::string_view digits) {
    wire::Buffer description, row, out;
    wire::Writer(description, be::kRowDescription)
        .u16(1).cstr("n").u32(0).u16(0).u32(1700).u16(0xffff).u32(0xffffffff).u16(0);
    wire::Writer(row, be::kDataRow).u16(1).u32(static_cast<std::uint32_t>(digits.size()))
        .text(digits);
    const std::uint16_t asked[] = {1};
    session::ResultFormats formats(asked);
    CHECK_FALSE(formats.describe(Bytes(description).subspan(5), out));
    out.clear();
    formats.append_row(Bytes(row).subspan(5), out);
    return wire::Buffer(out.begin() + 5 + 2 + 4, out.end());
  };
  CHECK(binary("0") == wire::Buffer{0, 0, 0, 0, 0, 0, 0, 0});
  CHECK(binary("12345") == wire::Buffer{0, 2, 0, 1, 0, 0, 0, 0, 0, 1, 9, 41});
  CHECK(binary("-10000") == wire::Buffer{0, 1, 0, 1, 64, 0, 0, 0, 0, 1});
}

TEST_CASE("after an error all is skipped up to the Sync") {
  Conversation c;
  CHECK(c.bind("", "nosuch") == "E");
  CHECK(c.error('M') == "prepared statement \"nosuch\" does not exist");
  CHECK(c.parse("", "SHOW POOLS") == "");
  CHECK(c.execute("") == "");
  CHECK(c.send(fe::kSync) == "Z");
  CHECK(c.parse("", "SHOW POOLS") == "1");
  c.bind("", "");
  c.execute("");
  wire::Buffer refused;
  wire::append_error(refused, {.message = "already paused"});
  wire::append_ready(refused, 'I');
  CHECK(c.reply(refused) == "E");
  CHECK(c.bind("", "") == "");
  CHECK(c.send(fe::kSync) == "Z");
  c.describe('S', "");
  CHECK(c.reply(refused) == "E");
  CHECK(c.send(fe::kSync) == "Z");
}

TEST_CASE("names that are taken, values that nobody wants, and messages that are broken") {
  Conversation c;
  c.parse("s", "SHOW POOLS");
  CHECK(c.parse("s", "SHOW POOLS") == "E");
  CHECK(c.error('C') == "42P05");
  c.send(fe::kSync);
  CHECK(c.bind("", "s", {}, 1) == "E");
  CHECK(c.error('C') == "08P01");
  c.send(fe::kSync);
  for (const std::uint8_t type : {fe::kParse, fe::kBind, fe::kDescribe, fe::kExecute, fe::kClose}) {
    CHECK(c.send(type, {'x'}) == "E");
    CHECK(c.error('C') == "08P01");
    c.send(fe::kSync);
  }
}

TEST_CASE("an empty statement is a driver's question whether the connection lives") {
  Conversation c;
  c.parse("", " ;");
  c.bind("", "");
  CHECK(c.describe('P', "") == "n");
  CHECK(c.describe('S', "") == "tn");
  CHECK(c.execute("") == "I");
}

TEST_CASE("the simple protocol only, as PgBouncer") {
  ConsoleSession session(true, true);
  wire::Buffer out;
  CHECK(session.take({fe::kParse, {}, {}}, out).kind == Kind::Refuse);
  CHECK(wire::report_field(Bytes(out).subspan(5), 'M') ==
        "extended query protocol not supported by admin console");
  CHECK(session.take({fe::kTerminate, {}, {}}, out).kind == Kind::Leave);
}
