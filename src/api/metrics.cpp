#include "api/metrics.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"

namespace ingle::api {
namespace {

/// Backslash, quote and newline are escaped, as the format wants it.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

std::string_view type_of(MetricFamily::Kind kind) {
  static constexpr std::string_view kTypes[] = {"counter", "gauge", "histogram"};
  return kTypes[static_cast<size_t>(kind)];
}

}  // namespace

MetricFamily::Series& MetricFamily::series(Labels labels) {
  INGLE_CHECK(labels.size() == labels_.size());
  Key key(labels.begin(), labels.end());
  if (series_.size() >= kMaxSeries && !series_.contains(key)) std::ranges::fill(key, "other");
  Series& series = series_[std::move(key)];
  if (kind_ == Kind::kHistogram) series.buckets.resize(bounds_.size());
  return series;
}

void MetricFamily::add(Labels labels, double amount) {
  const std::lock_guard lock(mutex_);
  series(labels).value += amount;
}

void MetricFamily::set(Labels labels, double value) {
  const std::lock_guard lock(mutex_);
  series(labels).value = value;
}

void MetricFamily::observe(Labels labels, double value) {
  const auto bucket = std::ranges::lower_bound(bounds_, value) - bounds_.begin();
  const std::lock_guard lock(mutex_);
  Series& wanted = series(labels);
  wanted.value += value;
  ++wanted.count;
  if (static_cast<size_t>(bucket) < bounds_.size()) ++wanted.buckets[static_cast<size_t>(bucket)];
}

double MetricFamily::value(Labels labels) const {
  const std::lock_guard lock(mutex_);
  const auto found = series_.find(Key(labels.begin(), labels.end()));
  return found == series_.end() ? 0 : found->second.value;
}

void MetricFamily::clear() {
  const std::lock_guard lock(mutex_);
  series_.clear();
}

std::string MetricFamily::label_text(const Key& key, std::string_view bound) const {
  std::string text;
  for (size_t i = 0; i < key.size(); ++i)
    text += fmt::format("{}{}=\"{}\"", text.empty() ? "" : ",", labels_[i], escaped(key[i]));
  if (!bound.empty()) text += fmt::format("{}le=\"{}\"", text.empty() ? "" : ",", bound);
  return text.empty() ? text : "{" + text + "}";
}

void MetricFamily::write(std::string& text) const {
  const std::lock_guard lock(mutex_);
  if (series_.empty()) return;
  text += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name_, help_, name_, type_of(kind_));
  for (const auto& [key, series] : series_) {
    if (kind_ != Kind::kHistogram) {
      text += fmt::format("{}{} {}\n", name_, label_text(key), series.value);
      continue;
    }
    uint64_t so_far = 0;
    for (size_t i = 0; i < bounds_.size(); ++i) {
      so_far += series.buckets[i];
      text += fmt::format("{}_bucket{} {}\n", name_, label_text(key, fmt::format("{}", bounds_[i])), so_far);
    }
    text += fmt::format("{}_bucket{} {}\n", name_, label_text(key, "+Inf"), series.count);
    text += fmt::format("{}_sum{} {}\n{}_count{} {}\n", name_, label_text(key), series.value, name_, label_text(key),
                        series.count);
  }
}

}  // namespace ingle::api
