#include "wire/startup.h"

#include <doctest/doctest.h>

#include "wire/message.h"

using namespace weir;
using wire::Parameters;

namespace {

wire::Buffer packet(std::uint32_t protocol, const Parameters& parameters) {
  wire::Buffer out;
  wire::append_startup(out, protocol, parameters);
  return out;
}

Parameters options(std::string_view text) {
  Parameters out;
  CHECK(wire::parse_options(text, out).has_value());
  return out;
}

}  // namespace

TEST_CASE("a startup packet gives its parts") {
  const auto bytes = packet(wire::kProtocol30, {{"user", "ann"},
                                                {"database", "shop"},
                                                {"statement_timeout", "30000"},
                                                {"_pq_.shiny", "1"},
                                                {"options", "-c search_path=a,b --geqo=off"}});
  CHECK(wire::startup_size(bytes) == bytes.size());
  const auto startup = wire::parse_startup(bytes);
  REQUIRE(startup.has_value());
  CHECK(startup->kind == wire::Startup::Kind::Start);
  CHECK(startup->user == "ann");
  CHECK(startup->database == "shop");
  CHECK(startup->settings == Parameters{{"statement_timeout", "30000"},
                                        {"search_path", "a,b"},
                                        {"geqo", "off"}});
  CHECK(startup->extensions == std::vector<std::string>{"_pq_.shiny"});
}

TEST_CASE("without a database it is the user's") {
  const auto startup = wire::parse_startup(packet(wire::kProtocol30, {{"user", "ann"}}));
  REQUIRE(startup.has_value());
  CHECK(startup->database == "ann");
}

TEST_CASE("startup packets that are refused, in PgBouncer's words") {
  const auto error = [](const wire::Buffer& bytes) {
    const auto startup = wire::parse_startup(bytes);
    return startup ? std::string() : startup.error().text;
  };
  CHECK(error(packet(wire::kProtocol30, {{"database", "x"}})) == "no username supplied");
  CHECK(error(packet(0x00020000, {{"user", "x"}})) == "old V2 protocol not supported");
  CHECK(error(packet(0x00040000, {{"user", "x"}})) == "bad packet header");
  auto cut = packet(wire::kProtocol30, {{"user", "x"}});
  cut.pop_back();
  CHECK(error(cut) == "invalid startup packet layout: expected terminator as last byte");
  auto more = packet(wire::kProtocol30, {{"user", "x"}});
  more.push_back('y');
  CHECK(error(more) == "invalid startup packet layout: expected terminator as last byte");
  CHECK(error(packet(wire::kProtocol30, {{"user", "x"}, {"options", "-x"}})) ==
        "unsupported options startup parameter: only '-c config=val' and '--config=val' are "
        "allowed");
}

TEST_CASE("options are split and unescaped as PostgreSQL does") {
  CHECK(options("") == Parameters{});
  CHECK(options("  -c a=1  -cb=2 --c-d=3 ") == Parameters{{"a", "1"}, {"b", "2"}, {"c_d", "3"}});
  CHECK(options(R"(-c a=x\ y\\z)") == Parameters{{"a", R"(x y\z)"}});
  CHECK(options("-c a=1 -c A=2") == Parameters{{"a", "2"}});
  CHECK(options("-c a=") == Parameters{{"a", ""}});
}

TEST_CASE("an option without a name ends, and is refused") {
  Parameters out;
  for (const std::string_view bad : {"-c =", "-c=", "--=x", "-c", "-c a", "x=1", "--"})
    CHECK(!wire::parse_options(bad, out).has_value());
}

TEST_CASE("cancel and encryption requests") {
  wire::Buffer cancel;
  wire::append_cancel(cancel, 77, as_bytes("secretsecret"));
  const auto parsed = wire::parse_startup(cancel);
  REQUIRE(parsed.has_value());
  CHECK(parsed->kind == wire::Startup::Kind::Cancel);
  CHECK(parsed->cancel_pid == 77);
  CHECK(parsed->cancel_key == "secretsecret");

  wire::Buffer ssl;
  wire::Writer(ssl).u32(wire::kSslCode);
  CHECK(wire::parse_startup(ssl)->kind == wire::Startup::Kind::Ssl);
  wire::Buffer gss;
  wire::Writer(gss).u32(wire::kGssCode);
  CHECK(wire::parse_startup(gss)->kind == wire::Startup::Kind::Gss);
}

TEST_CASE("sizes of a first packet") {
  wire::Buffer four(4);
  CHECK(wire::startup_size(Bytes(four).first(3)) == 4);
  for (const auto& [length, size] : {std::pair{7u, 0u}, {8u, 8u}, {10000u, 10000u}, {10001u, 0u},
                                    {0x80000000u, 0u}}) {
    store_u32(four.data(), length);
    CHECK(wire::startup_size(four) == size);
  }
}
