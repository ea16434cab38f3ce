// One picture out of the workers' snapshots. Pure; the values given back own their texts.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "admin/averages.h"
#include "session/snapshot.h"

namespace weir::admin {

// The rows of one pool on several workers as one: counts and histograms added, the longest wait.
// Sorted by database and user.
std::vector<session::PoolRow> merge_pools(std::span<const session::Snapshot> workers);

// The same for cancel requests on their way to peers. Sorted by peer.
std::vector<session::PeerPoolRow> merge_peer_pools(std::span<const session::Snapshot> workers);

// What all workers have counted.
stats::Tally merge_tallies(std::span<const session::Snapshot> workers);

// The histograms of each application, by name. Each worker has its own bound on names, so there may
// be more here.
std::map<std::string, stats::Application> merge_applications(
    std::span<const session::Snapshot> workers);

// What Averages::sample() takes: all pools of a database added, and the console's own counters.
DatabaseCounters merge_counters(std::span<const session::Snapshot> workers,
                                const stats::Counters& console);

}  // namespace weir::admin
