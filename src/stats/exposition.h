// The text in which Prometheus reads metrics: its own format 0.0.4, or OpenMetrics 1.0. Pure.
// A family is begun once and followed by all of its series.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

namespace weir::stats {

enum class ExpositionFormat : std::uint8_t { Prometheus, OpenMetrics };
enum class MetricType : std::uint8_t {
  Counter,
  Gauge,
  Histogram,
  Untyped,  // for a counter whose name without _total is another family's
};

struct Label {
  std::string_view name, value;
};
using Labels = std::span<const Label>;

// Observations at or below a bound, in seconds or bytes as the metric's name says.
struct Bucket {
  double bound;
  std::uint64_t count;  // with those of all lower bounds
};

struct MetricFamily {
  std::string_view name;  // whole: that of a counter ends in _total
  MetricType type;
  std::string_view help;
};

class Exposition {
 public:
  explicit Exposition(ExpositionFormat format) : format_(format) {}

  // What comes next is of this family. OpenMetrics calls a counter by its name without _total, so
  // no other family may have that name there.
  void begin(const MetricFamily& family);

  // A series of a counter or a gauge; not a number (NaN) is a value too.
  void series(Labels labels, double value);
  void series(Labels labels, std::integral auto value) {
    begin_series({}, labels, {});
    end_series(value);
  }
  // The same with a number that is written already.
  void series_text(Labels labels, std::string_view number);
  // A series of a histogram: buckets by rising bounds, without that of infinity, which is `count`.
  void histogram(Labels labels, std::span<const Bucket> buckets, double sum, std::uint64_t count);

  // The whole text; nothing comes after it.
  std::string finish() &&;

  static std::string_view content_type(ExpositionFormat format);

 private:
  void begin_series(std::string_view suffix, Labels labels, std::string_view bound);
  void end_series(std::uint64_t value);
  void end_series(std::int64_t value);
  void end_series(double value);
  void end_series(std::integral auto value) {
    if constexpr (std::is_signed_v<decltype(value)>) {
      end_series(std::int64_t{value});
    } else {
      end_series(std::uint64_t{value});
    }
  }

  ExpositionFormat format_;
  std::string name_;  // of the family that was begun
  std::string text_;
};

// As Prometheus reads numbers: the shortest that is exactly this, +Inf, -Inf or NaN.
std::string metric_number(double value);

}  // namespace weir::stats
