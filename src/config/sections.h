// Puts the lines of the files, section by section, into a draft.
#pragma once

#include <vector>

#include "config/draft.h"
#include "config/ini.h"

namespace weir::config {

void apply_lines(const std::vector<IniLine>& lines, Draft& draft);

}  // namespace weir::config
