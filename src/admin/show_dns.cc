// SHOW DNS_HOSTS and DNS_ZONES: the resolver's cache.
#include <array>

#include "admin/show.h"
#include "admin/table.h"

namespace weir::admin {

namespace {

using enum ColumnType;

constexpr std::array kHostColumns{Column{"hostname"}, Column{"ttl", Int8}, Column{"addrs"}};
constexpr std::array kZoneColumns{Column{"zonename"}, Column{"serial", Int8},
                                  Column{"count", Int4}};

}  // namespace

void show_dns_hosts(const View& view, wire::Buffer& out) {
  Table table(out, kHostColumns);
  for (const HostRow& host : view.hosts)
    table.row().text(host.name).number(host.ttl_s).text(host.addresses);
}

// Without rows: names are asked for again after dns_max_ttl, whatever the zones' serials are.
void show_dns_zones(const View&, wire::Buffer& out) { Table(out, kZoneColumns); }

}  // namespace weir::admin
