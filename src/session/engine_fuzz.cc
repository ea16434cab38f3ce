// Clients and servers that send anything at all, in any order: the engine stays whole, and no byte
// that one client sent reaches another.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "base/check.h"
#include "session/engine.h"

namespace {

using namespace weir;
using session::Effect;

// The same in every run; its keys never repeat, since the engine draws until one is free.
class SeededRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override {
    for (auto& byte : out) byte = static_cast<std::uint8_t>(engine_());
  }

 private:
  std::mt19937 engine_{1};
};

std::shared_ptr<const config::Config> make_config() {
  auto config = std::make_shared<config::Config>();
  config->settings.pool_mode = config::PoolMode::Transaction;
  config->settings.auth_type = auth::AuthType::Any;
  config->settings.default_pool_size = 2;
  config->settings.max_prepared_statements = 2;
  config->settings.client_tls_sslmode = config::SslMode::Allow;
  config::Database entry;
  entry.name = entry.dbname = "d";
  entry.hosts = {"127.0.0.1"};
  entry.user = "u";
  config->databases.emplace("d", entry);
  return config;
}

// Performs effects as far as ids matter: connects succeed, closed connections are forgotten.
struct World {
  SeededRandom random;
  pool::Ledger ledger{1};
  session::Engine engine{{.worker = 0, .ledger = ledger, .random = random,
                          .config = make_config(), .mock_key = {}}};
  session::Effects effects;
  std::vector<ClientId> clients;
  std::vector<ServerId> servers;
  Instant now{std::chrono::seconds(1)};

  void perform() {
    for (std::size_t i = 0; i < effects.list().size(); ++i) {
      const Effect effect = effects.list()[i];
      if (effect.kind == Effect::Kind::Connect) {
        servers.push_back(effect.connection.server());
        const ServerId id = effect.connection.server();
        engine.server_connected(id, "127.0.0.1", 1, now, effects);
        engine.server_bytes(id, as_bytes(id.index % 2 == 0 ? "S" : "N"), now, effects);
      } else if (effect.kind == Effect::Kind::StartTls) {
        engine.secured(effect.connection, session::TlsFacts{.description = "t", .alpn = true}, now,
                       effects);
      } else if (effect.kind == Effect::Kind::Close) {
        std::erase(clients, effect.connection.client());
        if (effect.connection.side == session::Connection::Side::Server)
          std::erase(servers, effect.connection.server());
      }
    }
    effects.clear();
    engine.check_invariants();
  }
};

void append_login(wire::Buffer& out, std::uint32_t version) {
  wire::append_startup(out, version, {{"user", "u"}, {"database", "d"}});
}

const wire::Buffer& server_hello() {
  static const wire::Buffer hello = [] {
    wire::Buffer out;
    wire::append_authentication(out, wire::authentication::kOk);
    wire::append_parameter_status(out, "server_version", "17");
    wire::Writer(out, wire::be::kBackendKeyData).u32(7).u32(9);
    wire::append_ready(out, 'I');
    return out;
  }();
  return hello;
}

void step(World& world, std::uint8_t what, std::uint8_t which, Bytes bytes) {
  world.now += std::chrono::milliseconds(what);
  const auto client = [&] { return world.clients[which % world.clients.size()]; };
  const auto server = [&] { return world.servers[which % world.servers.size()]; };
  switch (what % 8) {
    case 0: {
      const ClientId id = world.engine.client_connected({}, world.now);
      world.clients.push_back(id);
      wire::Buffer hello;
      if (which % 4 != 0) append_login(hello, wire::kProtocol30);
      hello.insert(hello.end(), bytes.begin(), bytes.end());
      world.engine.client_bytes(id, hello, world.now, world.effects);
      break;
    }
    case 1:
    case 2:
      if (!world.clients.empty() &&
          world.engine.client_readable(client(), world.now, world.effects))
        world.engine.client_bytes(client(), bytes, world.now, world.effects);
      break;
    case 3:
      if (!world.servers.empty())
        world.engine.server_bytes(server(), server_hello(), world.now, world.effects);
      break;
    case 4:
    case 5:
      if (!world.servers.empty())
        world.engine.server_bytes(server(), bytes, world.now, world.effects);
      break;
    case 6:
      if (!world.clients.empty() && which % 2 == 0) {
        const ClientId gone = client();
        std::erase(world.clients, gone);
        world.engine.client_closed(gone, "gone", world.now, world.effects);
      } else if (!world.servers.empty()) {
        const ServerId gone = server();
        std::erase(world.servers, gone);
        world.engine.server_closed(gone, "gone", world.now, world.effects);
      }
      break;
    default: world.engine.tick(world.now, world.effects); break;
  }
  world.perform();
}

}  // namespace

// Each step: a byte for what, a byte for whom, a byte for how many bytes follow.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  World world;
  Reader in(Bytes(data, size));
  for (int steps = 0; steps < 200 && in.left() >= 3; ++steps) {
    const std::uint8_t what = in.u8();
    const std::uint8_t which = in.u8();
    const std::size_t length = in.u8();
    step(world, what, which, in.bytes(std::min(length, in.left())));
  }
  return 0;
}
