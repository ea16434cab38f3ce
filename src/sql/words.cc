#include "sql/words.h"

#include <array>

#include "sql/identifier.h"

namespace weir::sql {
namespace {

using enum Word;

constexpr WordEntry plain(std::string_view name, Word word = kOther) {
  return {.name = name, .word = word, .starts = true, .plain = true};
}
constexpr WordEntry starts(std::string_view name, Word word, Effects effects = {}) {
  return {.name = name, .word = word, .starts = true, .effects = effects};
}
constexpr WordEntry call(std::string_view name, Word word, Effects effects = {}) {
  return {.name = name, .word = word, .called = true, .effects = effects};
}
constexpr WordEntry inner(std::string_view name, Word word) { return {.name = name, .word = word}; }

constexpr Effects kSchema{.schema = true};
constexpr Effects kObject{.session_object = true};
constexpr Effects kOpaque{.settings = true, .opaque = true};

constexpr auto kWords = std::to_array<WordEntry>({
    plain("abort"),
    plain("analyse", kAnalyze),
    plain("analyze", kAnalyze),
    plain("begin"),
    plain("checkpoint"),
    plain("close"),
    plain("cluster"),
    plain("comment"),
    plain("commit", kCommit),
    plain("copy"),
    plain("delete"),
    plain("end"),
    plain("fetch"),
    plain("grant"),
    plain("insert", kInsert),
    plain("lock"),
    plain("merge", kMerge),
    plain("move"),
    plain("notify"),
    plain("reassign"),
    plain("refresh"),
    plain("reindex"),
    plain("release"),
    plain("revoke"),
    plain("rollback"),
    plain("savepoint"),
    plain("security"),
    plain("select"),
    plain("show"),
    plain("start"),
    plain("table"),
    plain("truncate"),
    plain("unlisten"),
    plain("update", kUpdate),
    plain("vacuum"),
    plain("values"),
    plain("with", kWith),

    starts("alter", kOther, kSchema),
    starts("call", kOther, kOpaque),
    starts("create", kCreate, kSchema),
    starts("deallocate", kOther, {.deallocates = true}),
    starts("declare", kDeclare),
    starts("discard", kDiscard),
    starts("do", kDo, kOpaque),
    starts("drop", kDrop, kSchema),
    starts("execute", kExecute, {.settings = true, .prepares = true, .opaque = true}),
    starts("explain", kExplain),
    starts("import", kOther, kSchema),
    starts("listen", kOther, kObject),
    starts("load", kOther, {.settings = true, .session_object = true}),
    starts("prepare", kPrepare),
    starts("reset", kReset, {.settings = true}),
    starts("set", kSet),

    call("dblink_connect", kOther, kObject),
    call("dblink_connect_u", kOther, kObject),
    call("pg_advisory_lock", kOther, kObject),
    call("pg_advisory_lock_shared", kOther, kObject),
    call("pg_replication_origin_session_setup", kOther, kObject),
    call("pg_try_advisory_lock", kOther, kObject),
    call("pg_try_advisory_lock_shared", kOther, kObject),
    call("set_config", kSetConfig),
    // pg_trgm's own way to SET pg_trgm.similarity_threshold.
    call("set_limit", kOther, {.settings = true}),
    call("setseed", kOther, kObject),

    inner("all", kAll),
    inner("as", kAs),
    inner("constraints", kConstraints),
    inner("global", kTemporary),
    inner("hold", kHold),
    inner("into", kInto),
    inner("language", kLanguage),
    inner("local", kLocal),
    inner("on", kOn),
    inner("or", kOr),
    inner("pg_settings", kPgSettings),
    inner("plans", kPlans),
    inner("plpgsql", kPlpgsql),
    inner("replace", kReplace),
    inner("session", kSession),
    inner("temp", kTemporary),
    inner("temporary", kTemporary),
    inner("to", kTo),
    inner("transaction", kTransaction),
    inner("true", kTrue),
    inner("uescape", kUescape),
    inner("verbose", kVerbose),
});

constexpr std::size_t kSlots = 512;
static_assert(kWords.size() < kSlots / 4);

constexpr std::size_t slot_of(std::string_view word) {
  const auto first = static_cast<unsigned char>(word.front() | 0x20);
  const auto last = static_cast<unsigned char>(word.back() | 0x20);
  return (word.size() * 67 + first * 7u + last * 31u) % kSlots;
}

// Open addressing: where a slot is taken, the next free one serves. 0 is free, n is kWords[n - 1].
constexpr auto kIndex = [] {
  std::array<std::uint8_t, kSlots> index{};
  for (std::size_t i = 0; i < kWords.size(); ++i) {
    std::size_t slot = slot_of(kWords[i].name);
    while (index[slot] != 0) slot = (slot + 1) % kSlots;
    index[slot] = static_cast<std::uint8_t>(i + 1);
  }
  return index;
}();

}  // namespace

const WordEntry* find_word(std::string_view word) {
  if (word.empty()) return nullptr;
  for (std::size_t slot = slot_of(word); kIndex[slot] != 0; slot = (slot + 1) % kSlots) {
    const WordEntry& entry = kWords[kIndex[slot] - 1u];
    if (equals_folded(word, entry.name)) return &entry;
  }
  return nullptr;
}

}  // namespace weir::sql
