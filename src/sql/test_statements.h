// Statements and what scan() must say of them, for the tests of this folder.
// One letter an effect: s settings, c custom_names, u unknown_name, D schema, d deallocates,
// p prepares, o session_object, x opaque.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "sql/effects.h"

namespace weir::sql {

struct Sample {
  std::string_view effects;
  std::string_view text;
};

inline std::string letters(const Effects& effects) {
  std::string out;
  if (effects.settings) out += 's';
  if (effects.custom_names) out += 'c';
  if (effects.unknown_name) out += 'u';
  if (effects.schema) out += 'D';
  if (effects.deallocates) out += 'd';
  if (effects.prepares) out += 'p';
  if (effects.session_object) out += 'o';
  if (effects.opaque) out += 'x';
  return out;
}

// Single statements that nothing needs to follow.
extern const std::span<const Sample> kOrdinary;
// Single statements that have an effect.
extern const std::span<const Sample> kFlagged;
// Texts of more than one statement, and those whose literals may end in two places.
extern const std::span<const Sample> kTexts;

}  // namespace weir::sql
