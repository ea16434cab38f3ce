// What the system says about this process, for the metrics. Reads /proc; takes milliseconds with
// many descriptors, so it is not for workers.
#pragma once

#include "admin/metrics.h"

namespace weir::runtime {

// What is not of the process stays as it is.
void read_process(admin::ProcessFacts& facts);

}  // namespace weir::runtime
