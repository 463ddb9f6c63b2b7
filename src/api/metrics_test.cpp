#include "api/metrics.h"

#include <gtest/gtest.h>

#include <thread>

namespace ingle::api {
namespace {

using Kind = MetricFamily::Kind;

std::string text_of(const MetricFamily& family) {
  std::string text;
  family.write(text);
  return text;
}

TEST(Metrics, a_counter_is_written_with_its_labels) {
  MetricFamily family("ingle_requests_total", "Requests.", Kind::kCounter, {"route", "status"});
  EXPECT_EQ(text_of(family), "");
  family.add({"/v1/models", "200"});
  family.add({"/v1/models", "200"}, 2);
  family.add({"/api/chat", "404"});
  EXPECT_EQ(text_of(family),
            "# HELP ingle_requests_total Requests.\n# TYPE ingle_requests_total counter\n"
            "ingle_requests_total{route=\"/api/chat\",status=\"404\"} 1\n"
            "ingle_requests_total{route=\"/v1/models\",status=\"200\"} 3\n");
  EXPECT_EQ(family.value({"/v1/models", "200"}), 3);
  EXPECT_EQ(family.value({"/v1/models", "500"}), 0);
}

TEST(Metrics, a_histogram_cumulates_its_buckets_and_counts_what_lies_beyond_them) {
  static constexpr double kBounds[] = {0.1, 1};
  MetricFamily family("wait_seconds", "Waiting.", Kind::kHistogram, {}, kBounds);
  for (const double value : {0.1, 0.5, 0.75, 7.0})
    family.observe({}, value);
  EXPECT_EQ(text_of(family),
            "# HELP wait_seconds Waiting.\n# TYPE wait_seconds histogram\n"
            "wait_seconds_bucket{le=\"0.1\"} 1\nwait_seconds_bucket{le=\"1\"} 3\nwait_seconds_bucket{le=\"+Inf\"} 4\n"
            "wait_seconds_sum 8.35\nwait_seconds_count 4\n");
}

TEST(Metrics, labels_cannot_break_a_line) {
  MetricFamily family("g", "G.", Kind::kGauge, {"model"});
  family.set({"a\"b\\c\nd"}, 0.5);
  EXPECT_EQ(text_of(family), "# HELP g G.\n# TYPE g gauge\ng{model=\"a\\\"b\\\\c\\nd\"} 0.5\n");
  family.clear();
  EXPECT_EQ(text_of(family), "");
}

TEST(Metrics, series_do_not_multiply_without_end) {
  MetricFamily family("c", "C.", Kind::kCounter, {"name"});
  for (size_t i = 0; i < kMaxSeries + 10; ++i)
    family.add({std::to_string(i)});
  EXPECT_EQ(family.value({"other"}), 10);
  EXPECT_EQ(family.value({"0"}), 1);
}

TEST(Metrics, nothing_is_lost_when_many_threads_count) {
  MetricFamily family("c", "C.", Kind::kCounter, {"name"});
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i)
        family.add({"x"});
    });
  threads.clear();
  EXPECT_EQ(family.value({"x"}), 4000);
}

}  // namespace
}  // namespace ingle::api
