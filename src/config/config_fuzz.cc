// Any text as the configuration, which may include itself and name itself as its user list.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "config/load.h"
#include "config/memory_files.h"
#include "config/options.h"

using namespace weir::config;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  MemoryFiles files;
  files.texts["c"] = std::string(reinterpret_cast<const char*>(data), size);
  files.texts["u"] = "\"bob\" \"secret\"\n";
  const auto loaded = load("c", files);
  if (!loaded.config) {
    ASSERT(!loaded.problems.empty());
    return 0;
  }
  ASSERT(show(*loaded.config).size() == show(Config{}).size());
  const Config& config = *loaded.config;
  for (const auto& [name, db] : config.databases) {
    ASSERT(name != "pgbouncer" && name != "*" && config.find_database(name) == &db);
    ASSERT(!db.dbname.empty() && db.port != 0);
    ASSERT(config.min_pool_size(db, "bob") <= config.pool_size(db, "bob"));
    ASSERT(config.pool_size(db, "bob") >= 0 && config.query_wait_timeout(db, "bob").count() >= 0);
  }
  // The same file is its own reload: nothing that is fixed has changed.
  const auto again = reload(config, "c", files);
  ASSERT(again.config != nullptr && again.problems.size() == loaded.problems.size());
  return 0;
}
