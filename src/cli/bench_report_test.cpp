#include "cli/bench_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace ingle::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

BenchReport report_of_speeds() {
  BenchReport report;
  report.isa = "avx2";
  report.kv_type = "f16";
  report.model.quantization = "Q4_K_M";
  report.loads.push_back(
      {.threads = 4, .seconds = 0.25, .memory_loaded = 5'000'000, .memory_highest = 6'000'000, .peaks = {}});
  report.speeds.push_back({.test = {.prompt = 512},
                           .threads = 4,
                           .speed = 300,
                           .deviation = 2,
                           .roofline = {.tokens_per_second = 600, .bound = Bound::kCompute}});
  report.speeds.push_back(
      {.test = {.generate = 128, .batch = 8, .depth = 64}, .threads = 4, .speed = 40, .deviation = 1, .roofline = {}});
  return report;
}

TEST(BenchReport, is_json_as_the_contract_says) {
  const auto json = nlohmann::json::parse(json_text(report_of_speeds()));
  ASSERT_TRUE(json.at("machine").is_object());
  const auto& results = json.at("results");
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[0].at("test"), "pp512");
  EXPECT_EQ(results[0].at("tokens_per_second"), 300.0);
  EXPECT_EQ(results[0].at("peak_fraction"), 0.5);
  EXPECT_EQ(results[0].at("bound"), "compute");
  EXPECT_EQ(results[1].at("test"), "tg128x8@d64");
  EXPECT_TRUE(results[1].at("peak_fraction").is_null());
  EXPECT_EQ(json.at("loads")[0].at("memory_highest"), 6'000'000);
  EXPECT_EQ(json.at("interrupted"), false);
}

TEST(BenchReport, is_csv_with_a_line_a_test_and_the_load_beside_it) {
  EXPECT_THAT(csv_text(report_of_speeds()),
              HasSubstr("\npp512,4,512,0,1,0,300.00,2.00,0.5000,compute,0.250,5000000,6000000,Q4_K_M,f16,avx2\n"));
}

TEST(BenchReport, shows_a_dash_where_no_peak_is_known) {
  const std::string table = table_text(report_of_speeds());
  EXPECT_THAT(table, HasSubstr("50 %"));
  EXPECT_THAT(table, HasSubstr("-"));
  EXPECT_THAT(table, Not(HasSubstr("100 %")));
}

TEST(BenchReport, explains_more_than_the_peak) {
  BenchReport report = report_of_speeds();
  report.speeds[0].speed = 700;
  EXPECT_THAT(table_text(report), HasSubstr("Above 100 %"));
}

TEST(BenchReport, gives_few_tokens_a_share_of_reading_and_prompts_none) {
  BenchReport report;
  report.gemm.push_back({.format = "Q4_K",
                         .n_tokens = 1,
                         .threads = 2,
                         .gops = 10,
                         .bytes_per_s = 4e9,
                         .peak_fraction = 0.1,
                         .memory_fraction = 0.8});
  report.gemm.push_back({.format = "Q4_K",
                         .n_tokens = 512,
                         .threads = 2,
                         .gops = 90,
                         .bytes_per_s = 1e9,
                         .peak_fraction = 0.9,
                         .memory_fraction = 0});
  const auto json = nlohmann::json::parse(json_text(report));
  EXPECT_EQ(json.at("results")[0].at("memory_fraction"), 0.8);
  EXPECT_TRUE(json.at("results")[1].at("memory_fraction").is_null());
  EXPECT_THAT(csv_text(report), HasSubstr("\nQ4_K,1,2,10.0,0.1000,4000000000,0.8000\n"));
}

}  // namespace
}  // namespace ingle::cli
