#include "runtime/takeover_record.h"

#include <doctest/doctest.h>

#include <string>

using namespace weir;
using namespace weir::runtime;

namespace {

Record again(const Record& record, bool with_descriptor = false) {
  const wire::Buffer bytes = encode(record, with_descriptor);
  Bytes in(bytes);
  auto decoded = decode(in);
  REQUIRE(decoded.has_value());
  REQUIRE(decoded->has_value());
  CHECK(in.empty());
  CHECK((*decoded)->with_descriptor == with_descriptor);
  return std::move((*decoded)->record);
}

session::ClientParcel a_client() {
  return {.database = "app", .user = "alice", .protocol32 = true,
          .cancel_key = 0x0102030405060708, .cancel_rest = std::string("\0rest", 5),
          .peer = {.address = "10.0.0.1", .port = 65535, .local_address = "::1",
                   .local_port = 6432},
          .connected = Instant(Duration(-5)), .startup = {{"a", "1"}},
          .settings = {{"a", "2"}, {"b.c", ""}},
          .statements = {{.name = "name", .definition = std::string("SELECT 1\0\0\0", 11),
                          .scope = "public", .told = 7}},
          .unnamed = "SELECT 2", .unsent = std::string(100'000, 'x')};
}

}  // namespace

TEST_CASE("a client means the same on the other side") {
  const session::ClientParcel sent = a_client();
  const auto got = std::get<session::ClientParcel>(again(a_client(), true));
  CHECK(got.database == sent.database);
  CHECK(got.user == sent.user);
  CHECK(got.protocol32);
  CHECK(got.cancel_key == sent.cancel_key);
  CHECK(got.cancel_rest == sent.cancel_rest);
  CHECK(got.peer.address == sent.peer.address);
  CHECK(got.peer.port == sent.peer.port);
  CHECK(got.peer.local_address == sent.peer.local_address);
  CHECK(got.peer.local_port == sent.peer.local_port);
  CHECK(got.connected == sent.connected);
  CHECK(got.startup == sent.startup);
  CHECK(got.settings == sent.settings);
  REQUIRE(got.statements.size() == 1);
  CHECK(got.statements[0].name == "name");
  CHECK(got.statements[0].definition == sent.statements[0].definition);
  CHECK(got.statements[0].scope == "public");
  CHECK(got.statements[0].told == 7);
  CHECK(got.unnamed == sent.unnamed);
  CHECK(got.unsent == sent.unsent);
}

TEST_CASE("a server means the same on the other side") {
  session::TravellingServer sent{.database = "app", .user = "alice", .dbname = "other",
                                 .worker = 3};
  sent.parcel = {.settings = {{"a", "1"}}, .base = {{"b", "2"}}, .reported = {{"TimeZone", "UTC"}},
                 .statements = {1, 2, ~std::uint64_t{0}}, .pid = 4711, .cancel_key = "key",
                 .endpoint = {.host = "db", .port = 5432}, .connected = Instant(Duration(7)),
                 .local_address = "1.2.3.4", .local_port = 99, .stale = {5}, .unnamed = true};
  const auto got = std::get<session::TravellingServer>(again(sent, true));
  CHECK(got.database == "app");
  CHECK(got.dbname == "other");
  CHECK(got.worker == 3);
  CHECK(got.parcel.settings == sent.parcel.settings);
  CHECK(got.parcel.base == sent.parcel.base);
  CHECK(got.parcel.reported == sent.parcel.reported);
  CHECK(got.parcel.statements == sent.parcel.statements);
  CHECK(got.parcel.pid == 4711);
  CHECK(got.parcel.cancel_key == "key");
  CHECK(got.parcel.endpoint == sent.parcel.endpoint);
  CHECK(got.parcel.connected == sent.parcel.connected);
  CHECK(got.parcel.local_port == 99);
  CHECK(got.parcel.stale == sent.parcel.stale);
  CHECK(got.parcel.unnamed);
}

TEST_CASE("the small records") {
  CHECK(std::get<Hello>(again(Hello{.generation = 9})).generation == 9);
  CHECK(std::get<Hello>(again(Hello{})).version == kTakeoverVersion);
  CHECK(std::get<Share>(again(Share{.database = "d", .user = "u", .change = -3})).change == -3);
  const auto stray = std::get<StrayCancel>(
      again(StrayCancel{.number = 3, .key = 0x8877665544332211, .rest = "rest"}));
  CHECK(stray.number == 3);
  CHECK(stray.key == 0x8877665544332211);
  CHECK(stray.rest == "rest");
  CHECK(std::get<StrayOver>(again(StrayOver{.number = 7})).number == 7);
  const auto listener = std::get<PassedListener>(
      again(PassedListener{.is_unix = true, .control = true, .file = "/s"}, true));
  CHECK(listener.is_unix);
  CHECK_FALSE(listener.shared);
  CHECK(listener.control);
  CHECK(listener.file == "/s");
  const auto state = std::get<ConsoleState>(
      again(ConsoleState{.all_paused = true, .paused = {"a"}, .disabled = {"b", "c"}}));
  CHECK(state.all_paused);
  CHECK(state.paused == std::vector<std::string>{"a"});
  CHECK(state.disabled == std::vector<std::string>{"b", "c"});
  session::PoolKnowledge pool{.database = "d", .keys = auth::ScramKeys{}, .password = "p",
                              .secret = "s",
                              .welcomes = {{{{"a", "1"}}, {{"b", "2"}}}}};
  pool.keys->server_key[3] = 7;
  const auto got = std::get<session::PoolKnowledge>(again(pool));
  CHECK(got.keys == pool.keys);
  CHECK(got.password == "p");
  CHECK(got.secret == "s");
  CHECK(got.welcomes == pool.welcomes);
  CHECK_FALSE(std::get<session::PoolKnowledge>(again(session::PoolKnowledge{})).keys.has_value());
  CHECK(std::holds_alternative<Ready>(again(Ready{})));
  CHECK(std::holds_alternative<Goodbye>(again(Goodbye{})));
}

TEST_CASE("records that have not come whole are waited for, and follow each other") {
  wire::Buffer both = encode(a_client(), false);
  const std::size_t first = both.size();
  const wire::Buffer second = encode(Ready{}, false);
  both.insert(both.end(), second.begin(), second.end());
  for (const std::size_t size : {std::size_t{0}, std::size_t{5}, std::size_t{6}, first - 1}) {
    Bytes in = Bytes(both).first(size);
    const auto decoded = decode(in);
    REQUIRE(decoded.has_value());
    CHECK_FALSE(decoded->has_value());
    CHECK(in.size() == size);
  }
  Bytes in(both);
  CHECK(std::holds_alternative<session::ClientParcel>(decode(in)->value().record));
  CHECK(std::holds_alternative<Ready>(decode(in)->value().record));
  CHECK(in.empty());
}

TEST_CASE("nonsense is refused") {
  wire::Buffer bytes = encode(Share{.database = "d"}, false);
  const auto refused = [](const wire::Buffer& buffer) {
    Bytes in(buffer);
    return !decode(in).has_value();
  };
  CHECK_FALSE(refused(bytes));
  wire::Buffer unknown = bytes;
  unknown[4] = 99;
  CHECK(refused(unknown));
  wire::Buffer longer = bytes;
  longer[9] = 200;  // the name ends behind the record
  CHECK(refused(longer));
  wire::Buffer more = bytes;
  more.push_back(0);
  more[3] = static_cast<std::uint8_t>(more[3] + 1);
  CHECK(refused(more));
  CHECK(refused({0xff, 0xff, 0xff, 0xff, 0, 0}));
}
