// Reads pgbouncer.ini and the files it names into a Config: all problems are collected, and a
// configuration with any error is not there at all, so that the running one stays.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/config.h"
#include "config/files.h"
#include "config/ini.h"
#include "config/problem.h"

namespace weir::config {

struct Loaded {
  std::shared_ptr<const Config> config;  // null if any problem is an Error
  Problems problems;
  std::map<std::string, Place> places;  // of each setting that was written, as "pgbouncer/user"
};

Loaded load(const std::string& path);
Loaded load(const std::string& path, const Files& files);

// As load() of `path`, but options that cannot change at run time keep the running value, with a
// Warning for each that the file changed.
Loaded reload(const Config& running, const std::string& path, const Files& files);

// The same with `strict`, which the command line may ask for whatever the file says.
std::shared_ptr<const Config> made_strict(const std::shared_ptr<const Config>& config);

// The console's SET: a copy with one option of [pgbouncer] changed, or the error's text.
Result<std::shared_ptr<const Config>> with_setting(const Config& running, std::string_view key,
                                                   std::string_view value,
                                                   const Files& files = DiskFiles{});

}  // namespace weir::config
