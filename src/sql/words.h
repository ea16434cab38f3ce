// The table of the words that tell what a statement does to its session.
// A new statement or function is a row here, and a word of filter.cc if it acts in mid-statement.
#pragma once

#include <cstdint>
#include <string_view>

#include "sql/effects.h"

namespace weir::sql {

enum class Word : std::uint8_t {
  kOther,
  kAll,
  kAnalyze,
  kAs,
  kCommit,
  kConstraints,
  kCreate,
  kDeclare,
  kDiscard,
  kDo,
  kDrop,
  kExecute,
  kExplain,
  kHold,
  kInsert,
  kInto,
  kLanguage,
  kLocal,
  kMerge,
  kOn,
  kOr,
  kPgSettings,
  kPlans,
  kPlpgsql,
  kPrepare,
  kReplace,
  kReset,
  kSession,
  kSet,
  kSetConfig,
  kTemporary,
  kTo,
  kTransaction,
  kTrue,
  kUescape,
  kUpdate,
  kVerbose,
  kWith,
};

struct WordEntry {
  std::string_view name;
  Word word = Word::kOther;
  bool starts = false;  // begins a statement, which has `effects`
  bool plain = false;   // such a statement touches the session by its functions and INTO only
  bool called = false;  // a function, whose call has `effects`
  Effects effects = {};
};

// The entry of a word in any case, or null.
const WordEntry* find_word(std::string_view word);

}  // namespace weir::sql
