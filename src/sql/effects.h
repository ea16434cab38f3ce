// What the text of a Query or a Parse may do to its session, beyond reading and writing rows.
// A set bit means "may": doubt sets it. All false is the normal case.
#pragma once

namespace weir::sql {

struct Effects {
  // SET, RESET, set_config, DISCARD ALL, LOAD, DO, CALL: a setting may outlive the transaction.
  bool settings : 1 = false;
  // One of those settings has a dotted name; custom_names() lists them.
  bool custom_names : 1 = false;
  // A dotted name may have been set that custom_names() cannot list, since the text computes it.
  bool unknown_name : 1 = false;
  // DDL: the plans of prepared statements may be stale afterwards.
  bool schema : 1 = false;
  // DEALLOCATE, DISCARD ALL, DISCARD PLANS.
  bool deallocates : 1 = false;
  // SQL's own PREPARE and EXECUTE, which know the server's names only.
  bool prepares : 1 = false;
  // State that no replay restores: temporary objects, WITH HOLD, LISTEN, session advisory locks,
  // LOAD, the random seed.
  bool session_object : 1 = false;
  // Runs code that the text does not show (DO, CALL, EXECUTE): it may do any of the above.
  bool opaque : 1 = false;

  bool operator==(const Effects&) const = default;
  bool any() const { return *this != Effects{}; }

  Effects& operator|=(const Effects& other) {
    settings |= other.settings;
    custom_names |= other.custom_names;
    unknown_name |= other.unknown_name;
    schema |= other.schema;
    deallocates |= other.deallocates;
    prepares |= other.prepares;
    session_object |= other.session_object;
    opaque |= other.opaque;
    return *this;
  }
};

}  // namespace weir::sql
