#include "session/statements.h"

#include <doctest/doctest.h>

using namespace weir;
using session::ClientStatements;
using session::ServerStatements;
using session::StatementRef;
using session::StatementTable;

namespace {

// What follows the name in a Parse message: the text, a zero, and no parameter types.
std::string definition(std::string_view text) {
  return std::string(text) + std::string("\0\0\0", 3);
}

}  // namespace

TEST_CASE("the same text is one statement, other types make another") {
  StatementTable table(0);
  const StatementRef a = table.intern(as_bytes(definition("SELECT 1")));
  const StatementRef b = table.intern(as_bytes(definition("SELECT 1")));
  CHECK(&*a == &*b);
  const std::string typed = std::string("SELECT 1\0\0\1\0\0\0\x17", 15);
  CHECK(&*table.intern(as_bytes(typed)) != &*a);
  CHECK(a->text() == "SELECT 1");
}

TEST_CASE("statements of different workers never share a name") {
  StatementTable one(0), other(1);
  const StatementRef a = one.intern(as_bytes(definition("SELECT 1")));
  const StatementRef b = other.intern(as_bytes(definition("SELECT 1")));
  CHECK(a->id != b->id);
  CHECK(a->server_name != b->server_name);
}

TEST_CASE("a million distinct statements end in flat memory") {
  StatementTable table(0);
  for (int i = 0; i < 1'000'000; ++i)
    (void)table.intern(as_bytes(definition("SELECT " + std::to_string(i))));
  CHECK(table.size() <= 2000);
  CHECK(table.bytes() < 1 << 20);
}

TEST_CASE("a statement that is used is not forgotten, and one that is not comes back") {
  StatementTable table(0);
  const StatementRef kept = table.intern(as_bytes(definition("SELECT 'kept'")));
  const std::uint64_t before = [&] {
    return table.intern(as_bytes(definition("SELECT 'idle'")))->id;
  }();
  CHECK(table.intern(as_bytes(definition("SELECT 'idle'")))->id == before);
  for (int i = 0; i < 5000; ++i)
    (void)table.intern(as_bytes(definition("SELECT " + std::to_string(i))));
  CHECK(&*table.intern(as_bytes(definition("SELECT 'kept'"))) == &*kept);
  CHECK(table.intern(as_bytes(definition("SELECT 'idle'")))->id != before);
}

TEST_CASE("a server's statements leave in the order of their last use") {
  ServerStatements held;
  for (std::uint64_t id = 1; id <= 3; ++id) held.add(id, id);
  CHECK(held.use(1));
  CHECK(!held.use(9));
  CHECK(held.oldest() == 2);
  held.remove(2);
  held.remove(2);
  CHECK(held.oldest() == 3);
  CHECK(held.list() == std::vector<std::uint64_t>{3, 1});
  CHECK(held.fresh(3, 3));
  CHECK(!held.fresh(3, 4));
  CHECK(!held.fresh(2, 0));
  held.clear();
  CHECK(held.size() == 0);
}

TEST_CASE("a client's names follow what the server did") {
  StatementTable table(0);
  const StatementRef one = table.intern(as_bytes(definition("SELECT 1")));
  const StatementRef two = table.intern(as_bytes(definition("SELECT 2")));
  ClientStatements names;
  names.set("a", one);
  names.confirm_oldest();
  names.erase("a");
  names.set("a", two);
  REQUIRE(names.find("a") != nullptr);
  CHECK(&**names.find("a") == &*two);
  names.confirm_oldest();
  names.confirm_oldest();
  CHECK(names.size() == 1);
  names.clear();
  CHECK(names.find("a") == nullptr);
}
