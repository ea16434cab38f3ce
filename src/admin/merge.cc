#include "admin/merge.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "admin/view.h"

namespace weir::admin {

namespace {

using session::PoolRow;

constexpr std::array kCounts{
    &PoolRow::cl_active,        &PoolRow::cl_waiting,
    &PoolRow::cl_active_cancel_req, &PoolRow::cl_waiting_cancel_req,
    &PoolRow::sv_active,        &PoolRow::sv_active_cancel,
    &PoolRow::sv_being_canceled, &PoolRow::sv_idle,
    &PoolRow::sv_used,          &PoolRow::sv_tested,
    &PoolRow::sv_login};

void add(PoolRow& sum, const PoolRow& row) {
  for (const auto count : kCounts) sum.*count += row.*count;
  sum.maxwait_us = std::max(sum.maxwait_us, row.maxwait_us);
  sum.paused = sum.paused || row.paused;
  sum.failing = sum.failing || row.failing;
  sum.counters += row.counters;
  sum.timings += row.timings;
}

}  // namespace

std::vector<PoolRow> merge_pools(std::span<const session::Snapshot> workers) {
  std::map<std::pair<std::string_view, std::string_view>, PoolRow> sums;
  for (const session::Snapshot& worker : workers) {
    for (const PoolRow& row : worker.pools) {
      const auto [at, first] = sums.try_emplace({row.database, row.user}, row);
      if (!first) add(at->second, row);
    }
  }
  std::vector<PoolRow> pools;
  pools.reserve(sums.size());
  for (auto& [key, row] : sums) pools.push_back(std::move(row));
  return pools;
}

std::vector<session::PeerPoolRow> merge_peer_pools(std::span<const session::Snapshot> workers) {
  std::map<int, session::PeerPoolRow> sums;
  for (const session::Snapshot& worker : workers)
    for (const session::PeerPoolRow& row : worker.peer_pools) {
      session::PeerPoolRow& sum = sums[row.id];
      sum.id = row.id;
      sum.cl_active_cancel_req += row.cl_active_cancel_req;
      sum.cl_waiting_cancel_req += row.cl_waiting_cancel_req;
      sum.sv_active_cancel += row.sv_active_cancel;
      sum.sv_login += row.sv_login;
    }
  std::vector<session::PeerPoolRow> pools;
  for (const auto& [id, row] : sums) pools.push_back(row);
  return pools;
}

stats::Tally merge_tallies(std::span<const session::Snapshot> workers) {
  stats::Tally sum;
  for (const session::Snapshot& worker : workers) sum += worker.tally;
  return sum;
}

std::map<std::string, stats::Application> merge_applications(
    std::span<const session::Snapshot> workers) {
  std::map<std::string, stats::Application> sums;
  for (const session::Snapshot& worker : workers)
    for (const auto& [name, application] : worker.applications.all()) sums[name] += application;
  return sums;
}

DatabaseCounters merge_counters(std::span<const session::Snapshot> workers,
                                const stats::Counters& console) {
  DatabaseCounters sums;
  for (const session::Snapshot& worker : workers)
    for (const PoolRow& row : worker.pools) sums[row.database] += row.counters;
  sums[std::string(kConsoleDatabase)] += console;
  return sums;
}

}  // namespace weir::admin
