#include "wire/framer.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

#include "wire/write.h"

using namespace weir;
using wire::Framer;
using wire::Piece;

namespace {

// Wants all of 'Q', eight bytes of 'B', and the header of everything else.
struct TestWants {
  static std::size_t want(std::uint8_t type, std::size_t total) {
    if (type == 'Q') return total;
    return type == 'B' ? std::min<std::size_t>(total, 8) : wire::kHeaderSize;
  }
};

// What came out of a stream: each message's type and its bytes put together again.
struct Collected {
  std::vector<std::string> messages;
  bool bad = false;

  void take(const Piece& piece) {
    const std::string_view bytes = as_text(piece.bytes);
    if (piece.kind == Piece::Kind::Head) messages.emplace_back(bytes);
    if (piece.kind == Piece::Kind::Body) messages.back() += bytes;
    if (piece.kind == Piece::Kind::Head && piece.type == 'Q') CHECK(piece.whole());
    if (piece.kind == Piece::Kind::Head && piece.type == 'B')
      CHECK(piece.bytes.size() >= std::min<std::size_t>(piece.total, 8));
    if (piece.last) {
      CHECK(messages.back().size() ==
            load_u32(as_bytes(messages.back()).data() + 1) + std::size_t{1});
    }
  }
};

Collected feed(Framer<TestWants>& framer, Bytes stream, std::mt19937& random, std::size_t most) {
  Collected out;
  while (!stream.empty()) {
    const std::size_t n = std::min<std::size_t>(stream.size(), 1 + random() % most);
    Bytes part = stream.first(n);
    stream = stream.subspan(n);
    for (Piece piece = framer.next(part); piece.kind != Piece::Kind::None;
         piece = framer.next(part)) {
      if (piece.kind == Piece::Kind::Bad) {
        out.bad = true;
        return out;
      }
      out.take(piece);
    }
    CHECK(part.empty());
  }
  return out;
}

}  // namespace

TEST_CASE("any split of a stream gives the same messages") {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    wire::Buffer stream;
    std::vector<std::string> expected;
    for (int i = 0; i < 20; ++i) {
      const char type = "QBDZ"[random() % 4];
      const std::string body(random() % 40, "Z\0ax"[random() % 4]);
      const std::size_t begin = stream.size();
      wire::Writer(stream, static_cast<std::uint8_t>(type)).text(body);
      expected.emplace_back(as_text(Bytes(stream).subspan(begin)));
    }
    Framer<TestWants> framer;
    const Collected got = feed(framer, stream, random, 1 + static_cast<std::size_t>(round) % 60);
    CHECK(got.messages == expected);
    CHECK(framer.at_boundary());
  }
}

TEST_CASE("a length that no message can have is bad, wherever the header is cut") {
  for (const std::uint32_t length : {0u, 3u, 0x80000000u, 0xffffffffu}) {
    for (std::size_t cut = 1; cut <= 5; ++cut) {
      wire::Buffer stream{'D'};
      stream.resize(5);
      store_u32(stream.data() + 1, length);
      Framer<TestWants> framer;
      Bytes first = Bytes(stream).first(cut);
      Piece piece = framer.next(first);
      if (cut < 5) {
        CHECK(piece.kind == Piece::Kind::None);
        Bytes rest = Bytes(stream).subspan(cut);
        piece = framer.next(rest);
      }
      CHECK(piece.kind == Piece::Kind::Bad);
    }
  }
}

TEST_CASE("a message taken back comes again, and nothing behind it is lost") {
  wire::Buffer stream;
  wire::Writer(stream, 'Q').cstr("first");
  wire::Writer(stream, 'Q').cstr("second");
  for (std::size_t cut = 0; cut < 11; ++cut) {
    Framer<TestWants> framer;
    Bytes early = Bytes(stream).first(cut);
    CHECK(framer.next(early).kind == Piece::Kind::None);
    Bytes in = Bytes(stream).subspan(cut);
    const Bytes before = in;
    const Piece piece = framer.next(in);
    REQUIRE(piece.whole());
    framer.unget(piece, before, in);
    CHECK(!(framer.at_boundary() && in.empty()));
    const Piece again = framer.next(in);
    REQUIRE(again.whole());
    CHECK(as_text(again.message().body) == std::string_view("first\0", 6));
    const Piece second = framer.next(in);
    REQUIRE(second.whole());
    CHECK(as_text(second.message().body) == std::string_view("second\0", 7));
  }
}

TEST_CASE("an idle framer keeps little memory") {
  Framer<TestWants> framer;
  wire::Buffer stream;
  wire::Writer(stream, 'Q').text(std::string(100000, 'x'));
  Bytes first = Bytes(stream).first(50000);
  CHECK(framer.next(first).kind == Piece::Kind::None);
  CHECK(framer.held() == 50000);
  Bytes second = Bytes(stream).subspan(50000);
  CHECK(framer.next(second).whole());
  Bytes none;
  CHECK(framer.next(none).kind == Piece::Kind::None);
  CHECK(framer.held() == 0);
  CHECK(framer.at_boundary());
}

TEST_CASE("a run is the whole messages of one type in front, none of one in progress") {
  wire::Buffer stream;
  for (int i = 0; i < 5; ++i) wire::Writer(stream, 'D').text(std::string(7, 'r'));
  const std::size_t rows = stream.size();
  wire::Writer(stream, 'Q').cstr("next");
  for (std::size_t cut = 0; cut <= rows; ++cut) {
    Framer<TestWants> framer;
    Bytes first = Bytes(stream).first(cut);
    const Bytes run = framer.run(first, 'D');
    CHECK(run.size() == cut / 12 * 12);
    std::size_t seen = run.size() / 12;
    for (Piece piece = framer.next(first); piece.kind != Piece::Kind::None;
         piece = framer.next(first)) {
      CHECK(framer.run(first, 'D').empty());
      seen += piece.last;
    }
    Bytes rest = Bytes(stream).subspan(cut);
    while (!rest.empty()) {
      seen += framer.run(rest, 'D').size() / 12;
      const Piece piece = framer.next(rest);
      seen += piece.last && piece.type != 'Q';
    }
    CHECK(seen == 5);
  }
}
