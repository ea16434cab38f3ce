#include "session/memory.h"

namespace weir::session {

namespace {

template <typename T, typename IdType>
MemoryRow slab_row(std::string_view name, const Slab<T, IdType>& slab) {
  constexpr std::uint64_t kSize = Slab<T, IdType>::slot_size();
  return {.name = name, .size = kSize, .used = slab.size(), .free = slab.capacity() - slab.size(),
          .total = slab.capacity() * kSize};
}

MemoryRow object_row(std::string_view name, std::uint64_t size, std::uint64_t used) {
  return {.name = name, .size = size, .used = used, .free = 0, .total = size * used};
}

MemoryRow requests_row(Slab<Server, ServerId>& servers) {
  MemoryRow row{.name = "outstanding_request_cache", .size = sizeof(Request)};
  servers.for_each([&row](const Server& s) {
    row.used += s.requests.size();
    row.free += s.requests.capacity() - s.requests.size();
  });
  row.total = row.size * (row.used + row.free);
  return row;
}

}  // namespace

std::vector<MemoryRow> memory_of(Slab<Client, ClientId>& clients, Slab<Server, ServerId>& servers,
                                 const Rooms& rooms, const StatementTable& statements) {
  std::size_t settings = 0, histograms = 0;
  for (const auto& [key, room] : rooms) {
    settings += room->settings.size();
    for (std::size_t i = 0; i < stats::kTimings; ++i)
      histograms += room->timings.of(static_cast<stats::Timing>(i)).bytes();
  }
  std::vector<MemoryRow> rows{
      object_row("pool_cache", sizeof(Room), rooms.size()), requests_row(servers),
      slab_row("server_cache", servers), slab_row("client_cache", clients),
      object_row("var_list_cache", sizeof(Settings), settings),
      object_row("server_prepared_statement_cache", sizeof(Statement), statements.size())};
  rows.front().total += histograms;
  rows.back().total += statements.bytes();
  return rows;
}

}  // namespace weir::session
