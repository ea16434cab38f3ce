// How a row of the option table is written: the type, the choices and the access to the field
// all follow from the member pointer; modifiers say what is unusual about the option.
#pragma once

#include <array>
#include <limits>
#include <type_traits>
#include <utility>

#include "base/check.h"
#include "config/options.h"

namespace weir::config {

// In the order of the enumerators.
inline constexpr std::array<std::string_view, 3> kPoolModes{"session", "transaction", "statement"};
inline constexpr std::array<std::string_view, 6> kSslModes{"disable", "allow",     "prefer",
                                                           "require", "verify-ca", "verify-full"};
inline constexpr std::array<std::string_view, 2> kLoadBalanceHosts{"round-robin", "disable"};
inline constexpr std::array<std::string_view, 2> kSslNegotiations{"postgres", "direct"};
inline constexpr std::array<std::string_view, 2> kLogFormats{"plain", "json"};
inline constexpr std::array<std::string_view, 3> kSessionStates{"follow", "pgbouncer", "refuse"};
inline constexpr std::array<std::string_view, 12> kSyslogFacilities{
    "auth",   "authpriv", "daemon", "user",   "local0", "local1",
    "local2", "local3",   "local4", "local5", "local6", "local7"};
inline constexpr std::array<std::string_view, 9> kAuthTypes{
    "any", "trust", "plain", "md5", "scram-sha-256", "cert", "hba", "pam", "ldap"};

constexpr std::span<const std::string_view> choices_of(PoolMode) { return kPoolModes; }
constexpr std::span<const std::string_view> choices_of(SslMode) { return kSslModes; }
constexpr std::span<const std::string_view> choices_of(LoadBalanceHosts) {
  return kLoadBalanceHosts;
}
constexpr std::span<const std::string_view> choices_of(SslNegotiation) { return kSslNegotiations; }
constexpr std::span<const std::string_view> choices_of(LogFormat) { return kLogFormats; }
constexpr std::span<const std::string_view> choices_of(SessionState) { return kSessionStates; }
constexpr std::span<const std::string_view> choices_of(SyslogFacility) { return kSyslogFacilities; }
constexpr std::span<const std::string_view> choices_of(auth::AuthType) { return kAuthTypes; }

// Longer times than this (68 years) are slips of the pen.
inline constexpr std::int64_t kLongestSeconds = std::numeric_limits<std::int32_t>::max();

namespace row {

template <typename T>
struct MemberOf;
template <typename O, typename F>
struct MemberOf<F O::*> {
  using owner = O;
  using field = F;
};

template <typename T>
struct Bare {
  using type = T;
};
template <typename T>
struct Bare<std::optional<T>> {
  using type = T;
};

template <typename F>
Value to_value(const F& field) {
  if constexpr (requires { field.has_value(); }) {
    return field.has_value() ? to_value(*field) : Value{};
  } else if constexpr (std::is_same_v<F, Duration>) {
    return std::int64_t{field.count()};
  } else if constexpr (std::is_enum_v<F> || std::is_integral_v<F>) {
    return static_cast<std::int64_t>(field);
  } else {
    return field;
  }
}

template <typename F>
F from_value(Value value) {
  if constexpr (std::is_same_v<F, Duration>) {
    return Duration{*std::get_if<std::int64_t>(&value)};
  } else if constexpr (std::is_same_v<F, bool>) {
    return *std::get_if<std::int64_t>(&value) != 0;
  } else if constexpr (std::is_enum_v<F> || std::is_integral_v<F>) {
    return static_cast<F>(*std::get_if<std::int64_t>(&value));
  } else {
    return std::move(*std::get_if<F>(&value));
  }
}

template <auto Member>
Value get(ConstOwner owner) {
  using O = typename MemberOf<decltype(Member)>::owner;
  const auto* object = std::get_if<const O*>(&owner);
  ASSERT(object != nullptr);
  return to_value((*object)->*Member);
}

// Only an override can be unset.
template <auto Member>
void set(Owner owner, Value value) {
  using O = typename MemberOf<decltype(Member)>::owner;
  using F = typename MemberOf<decltype(Member)>::field;
  auto* object = std::get_if<O*>(&owner);
  ASSERT(object != nullptr);
  F& field = (*object)->*Member;
  if constexpr (requires { field.has_value(); }) {
    field.reset();
    if (value.index() != 0) field = from_value<typename Bare<F>::type>(std::move(value));
  } else {
    ASSERT(value.index() != 0);
    field = from_value<F>(std::move(value));
  }
}

template <typename F, bool kOverride>
constexpr void describe(Option& option) {
  option.max = std::numeric_limits<std::int32_t>::max();
  if constexpr (std::is_same_v<F, bool>) {
    option.type = Type::Bool;
  } else if constexpr (std::is_enum_v<F>) {
    option.type = Type::Choice;
    option.choices = choices_of(F{});
  } else if constexpr (std::is_same_v<F, Duration>) {
    option.type = kOverride ? Type::WholeSeconds : Type::Seconds;
    option.max = kLongestSeconds;
  } else if constexpr (std::is_integral_v<F>) {
    option.type = Type::Int;
  } else if constexpr (std::is_same_v<F, std::string>) {
    option.type = Type::Text;
  } else {
    option.type = Type::List;
  }
}

template <typename O>
constexpr Section section_of() {
  if constexpr (std::is_same_v<O, Settings>) return Section::Main;
  if constexpr (std::is_same_v<O, WeirSettings>) return Section::Weir;
  if constexpr (std::is_same_v<O, Database>) return Section::Databases;
  if constexpr (std::is_same_v<O, User>) return Section::Users;
  return Section::Peers;
}

}  // namespace row

struct Row {
  Option option;

  constexpr operator Option() const { return option; }

  constexpr Row fixed() const {
    Row r = *this;
    r.option.reloadable = false;
    return r;
  }
  constexpr Row with(Effect effect) const {
    Row r = *this;
    r.option.effect = effect;
    return r;
  }
  constexpr Row needless(std::string_view instead) const {
    Row r = with(Effect::Needless);
    r.option.instead = instead;
    return r;
  }
  constexpr Row as(Type type) const {
    Row r = *this;
    r.option.type = type;
    return r;
  }
  constexpr Row zero_unsets() const {
    Row r = *this;
    r.option.zero_unsets = true;
    return r;
  }
  constexpr Row from(std::int64_t min) const { return range(min, option.max); }
  constexpr Row range(std::int64_t min, std::int64_t max) const {
    Row r = *this;
    r.option.min = min;
    r.option.max = max;
    return r;
  }
};

template <auto Member>
constexpr Row row_for(std::string_view name, std::optional<std::string_view> default_text,
                      std::string_view help) {
  using Pointer = row::MemberOf<decltype(Member)>;
  using Owned = typename Pointer::owner;
  Row r{};
  r.option.name = name;
  r.option.section = row::section_of<Owned>();
  r.option.default_text = default_text;
  r.option.help = help;
  row::describe<typename row::Bare<typename Pointer::field>::type,
                std::is_same_v<Owned, Database> || std::is_same_v<Owned, User>>(r.option);
  r.option.get = row::get<Member>;
  r.option.set = row::set<Member>;
  return r;
}

}  // namespace weir::config
