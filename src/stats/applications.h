// The durations of queries and transactions by application name. Bounded: names beyond the limit
// are counted together. Plain values of one worker; an Application stays where it is.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/histogram.h"

namespace weir::stats {

struct Application {
  Histogram query, transaction;

  Application& operator+=(const Application& other) {
    query += other.query;
    transaction += other.transaction;
    return *this;
  }
};

class Applications {
 public:
  // What all names beyond the limit go by.
  static constexpr std::string_view kOther = "other";

  // Where what a client with this name does is counted, with at most `most` names beside `other`.
  Application& of(std::string_view name, std::size_t most);

  using All = std::map<std::string, Application, std::less<>>;
  const All& all() const { return all_; }

 private:
  All all_;
};

}  // namespace weir::stats
