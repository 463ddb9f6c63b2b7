// Metrics: counters, gauges and histograms with labels, and their text in Prometheus' exposition format, version 0.0.4.
//
// A family is made once and lives as long as its owner; series appear with their first value. Every function may be called
// from any thread. Values of labels come from tables and names of installed models, never from a request's text, and a
// family stops making series at kMaxSeries: what comes later is counted as "other".
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ingle::api {

inline constexpr size_t kMaxSeries = 500;  // of one family

/// Upper bounds of buckets, in seconds, for what people wait for: 2.5 ms to two minutes.
inline constexpr std::array<double, 15> kSecondsBuckets = {0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
                                                           1,      2.5,   5,    10,    30,   60,  120};

class MetricFamily {
 public:
  enum class Kind : uint8_t { kCounter, kGauge, kHistogram };
  using Labels = std::initializer_list<std::string_view>;  // values, in the order of the names

  /// `bounds`: of a histogram, ascending.
  MetricFamily(std::string_view name, std::string_view help, Kind kind, std::vector<std::string_view> labels = {},
               std::span<const double> bounds = {})
      : name_(name), help_(help), kind_(kind), labels_(std::move(labels)), bounds_(bounds) {}

  void add(Labels labels, double amount = 1);
  void set(Labels labels, double value);
  void observe(Labels labels, double value);
  /// Of a counter or gauge; 0 where there is no such series.
  double value(Labels labels) const;
  /// Forgets all series: for gauges that are set anew for each scrape.
  void clear();

  /// Appends HELP, TYPE and all series; nothing where there are none.
  void write(std::string& text) const;

 private:
  struct Series {
    double value = 0;  // of a histogram: the sum
    uint64_t count = 0;
    std::vector<uint64_t> buckets;  // not cumulated
  };
  using Key = std::vector<std::string>;
  Series& series(Labels labels);
  std::string label_text(const Key& key, std::string_view bound = {}) const;

  const std::string_view name_;
  const std::string_view help_;
  const Kind kind_;
  const std::vector<std::string_view> labels_;
  const std::span<const double> bounds_;
  mutable std::mutex mutex_;
  std::map<Key, Series> series_;
};

}  // namespace ingle::api
