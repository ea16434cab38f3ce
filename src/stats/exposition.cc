#include "stats/exposition.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "base/check.h"
#include "base/utf8.h"

namespace weir::stats {

namespace {

constexpr std::string_view kTotal = "_total";

std::string_view type_name(MetricType type, ExpositionFormat format) {
  switch (type) {
    case MetricType::Untyped:
      return format == ExpositionFormat::OpenMetrics ? "unknown" : "untyped";
    case MetricType::Counter: return "counter";
    case MetricType::Gauge: return "gauge";
    case MetricType::Histogram: return "histogram";
  }
  ASSERT(false);
}

// In a label's value, and in OpenMetrics in a help text, a quote is escaped as well.
void append_escaped(std::string& out, std::string_view text, bool quotes) {
  for (const char c : text) {
    if (c == '\\' || (quotes && c == '"')) out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
}

// Nearly all values are: they are copied whole, since there may be ten thousands of them.
bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return c >= ' ' && c <= '~' && c != '"' && c != '\\';
  });
}

void append_label(std::string& out, std::string_view name, std::string_view value) {
  out += out.back() == '{' ? "" : ",";
  out.append(name).append("=\"");
  if (is_plain(value)) {
    out += value;
  } else {
    append_escaped(out, escape_broken_utf8(value), true);
  }
  out += '"';
}

}  // namespace

std::string metric_number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

void Exposition::begin(const MetricFamily& family) {
  const bool counter = family.type == MetricType::Counter;
  ASSERT(!counter || family.name.ends_with(kTotal));
  name_ = family.name;
  std::string_view known = family.name;
  const bool open = format_ == ExpositionFormat::OpenMetrics;
  if (open && counter) known.remove_suffix(kTotal.size());
  fmt::format_to(std::back_inserter(text_), "# HELP {} ", known);
  append_escaped(text_, family.help, open);
  fmt::format_to(std::back_inserter(text_), "\n# TYPE {} {}\n", known,
                 type_name(family.type, format_));
}

void Exposition::begin_series(std::string_view suffix, Labels labels, std::string_view bound) {
  text_.append(name_).append(suffix);
  if (!labels.empty() || !bound.empty()) {
    text_ += '{';
    for (const Label& label : labels) append_label(text_, label.name, label.value);
    if (!bound.empty()) append_label(text_, "le", bound);
    text_ += '}';
  }
  text_ += ' ';
}

void Exposition::end_series(std::uint64_t value) {
  fmt::format_to(std::back_inserter(text_), "{}\n", value);
}

void Exposition::end_series(std::int64_t value) {
  fmt::format_to(std::back_inserter(text_), "{}\n", value);
}

void Exposition::end_series(double value) { text_.append(metric_number(value)).append("\n"); }

void Exposition::series(Labels labels, double value) {
  begin_series({}, labels, {});
  end_series(value);
}

void Exposition::series_text(Labels labels, std::string_view number) {
  begin_series({}, labels, {});
  text_.append(number).append("\n");
}

void Exposition::histogram(Labels labels, std::span<const Bucket> buckets, double sum,
                           std::uint64_t count) {
  for (const Bucket& bucket : buckets) {
    begin_series("_bucket", labels, metric_number(bucket.bound));
    end_series(bucket.count);
  }
  begin_series("_bucket", labels, "+Inf");
  end_series(count);
  begin_series("_sum", labels, {});
  end_series(sum);
  begin_series("_count", labels, {});
  end_series(count);
}

std::string Exposition::finish() && {
  if (format_ == ExpositionFormat::OpenMetrics) text_ += "# EOF\n";
  return std::move(text_);
}

std::string_view Exposition::content_type(ExpositionFormat format) {
  return format == ExpositionFormat::OpenMetrics
             ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
             : "text/plain; version=0.0.4; charset=utf-8";
}

}  // namespace weir::stats
