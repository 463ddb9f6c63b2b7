// What `ingle bench` found out, and its three forms: a table for people, JSON as docs/contracts.md has it, CSV.
#pragma once

#include <string>
#include <vector>

#include "chat/types.h"
#include "cli/gemm.h"
#include "cli/machine.h"
#include "cli/measure.h"
#include "cli/model_work.h"

namespace ingle::cli {

struct SpeedRow {
  SpeedTest test;
  unsigned threads = 1;
  double speed = 0;  // tokens per second
  double deviation = 0;
  Roofline roofline;

  /// 0: unknown. More than 1 is possible where weights stay in the cache.
  double peak_fraction() const { return roofline.tokens_per_second > 0 ? speed / roofline.tokens_per_second : 0; }
};

struct LoadRow {
  unsigned threads = 1;
  double seconds = 0;           // from opening the file until the engine answers
  uint64_t memory_loaded = 0;   // then; 0: unknown
  uint64_t memory_highest = 0;  // from then on until the last test; 0: unknown
  Peaks peaks;                  // mean over the tests
};

struct BenchReport {
  Machine machine;
  std::string isa;
  std::string kv_type;      // of speed tests
  chat::Description model;  // of speed tests
  std::vector<LoadRow> loads;
  std::vector<SpeedRow> speeds;
  std::vector<GemmResult> gemm;
  bool interrupted = false;
};

/// The head is talk, the tables are data.
std::string head_text(const BenchReport& report);
std::string table_text(const BenchReport& report);
std::string json_text(const BenchReport& report);
std::string csv_text(const BenchReport& report);

}  // namespace ingle::cli
