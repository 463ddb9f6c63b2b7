// Matrix products by table, format and number of tokens: GOPS and the fraction of the int8 peak measured in this process.
// One thread; pin it (taskset) and read the fractions, not the absolute numbers, on a machine that is shared.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "kernels/probe.h"
#include "kernels/registry.h"
#include "kernels/testing/samples.h"

namespace ingle::kernels {
namespace {

/// Rows of a GEMV must not stay in a cache, or it would not measure what decoding does.
uint32_t rows_for(uint32_t n_tokens, uint32_t k) {
  return n_tokens > 16 ? 512 : (256U << 20) / k / 16 * 16;
}

void run(benchmark::State& state, const Kernels* table, quant::FormatId format) {
  const auto n_tokens = static_cast<uint32_t>(state.range(0)), k = static_cast<uint32_t>(state.range(1));
  const uint32_t n_rows = rows_for(n_tokens, k);
  const testing::Matrix matrix = testing::make_matrix(format, n_rows, k, 1, testing::Codes::kRandomBytes);
  testing::Activations x(n_tokens, k, testing::normals(size_t{n_tokens} * k, 2));
  table->quantize(x.x.data(), k, n_tokens, k, x.tiles());
  std::vector<float> y(size_t{n_tokens} * n_rows);
  MatmulArgs args;
  args.panels = matrix.panels.data();
  args.n_panels = matrix.n_panels();
  args.k = k;
  args.n_tokens = n_tokens;
  args.x_q8 = x.tiles();
  args.y = y.data();
  args.y_stride = n_rows;
  const MatmulFn matmul = table->matmul_q8[static_cast<size_t>(matrix.panel->format)];
  for (auto _ : state)
    matmul(args);
  const double iterations = static_cast<double>(state.iterations());
  const double operations = 2.0 * n_tokens * n_rows * k * iterations;
  state.counters["GOPS"] = benchmark::Counter(operations * 1e-9, benchmark::Counter::kIsRate);
  const double bytes = static_cast<double>(matrix.panels.size()) * iterations;
  state.counters["GB/s"] = benchmark::Counter(bytes * 1e-9, benchmark::Counter::kIsRate);
  state.counters["of_peak"] =
      benchmark::Counter(operations * 1e-9 / int8_peak_gops(*table, 0.05), benchmark::Counter::kIsRate);
}

const bool kRegistered = [] {
  using quant::FormatId;
  for (const Kernels* table : available()) {
    if (!table->quantize_by_default) continue;
    for (const FormatId id : {FormatId::kQ4_0, FormatId::kQ4_1, FormatId::kQ5_0, FormatId::kQ5_1, FormatId::kQ8_0,
                              FormatId::kQ4_K, FormatId::kQ5_K, FormatId::kQ6_K, FormatId::kIQ4_NL}) {
      const std::string name = std::string(table->name) + "/" + std::string(quant::format(id).name);
      auto* bench = benchmark::RegisterBenchmark(name.c_str(), run, table, id);
      for (const int tokens : {1, 2, 4, 8, 16, 64, 512})
        bench->Args({tokens, 1536});
      bench->ArgNames({"T", "K"});
    }
  }
  return true;
}();

}  // namespace
}  // namespace ingle::kernels
