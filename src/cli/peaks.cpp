#include "cli/peaks.h"

#include <algorithm>
#include <barrier>
#include <chrono>
#include <memory>
#include <new>
#include <set>
#include <thread>

#include "kernels/probe.h"
#include "quant/format.h"

namespace ingle::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kReadBytes = size_t{64} << 20;  // a thread; beyond every cache share of a core
constexpr auto kReadTime = std::chrono::milliseconds(250);
constexpr double kPeakSeconds = 0.2;
constexpr double kGemmSeconds = 0.1;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Memory aligned as panels are, zeroed: touched, so that it is really there.
class AlignedMemory {
 public:
  explicit AlignedMemory(size_t size) : bytes_(static_cast<std::byte*>(::operator new(size, kAlign))) {
    std::fill_n(bytes_.get(), size, std::byte{0});
  }
  std::byte* data() const { return bytes_.get(); }

 private:
  static constexpr std::align_val_t kAlign{64};
  struct Delete {
    void operator()(std::byte* p) const { ::operator delete(p, kAlign); }
  };
  std::unique_ptr<std::byte, Delete> bytes_;
};

GemmResult measure(const kernels::Kernels& table, const quant::Format& format, const kernels::PanelInfo& panel,
                   uint32_t n_tokens) {
  constexpr uint32_t kColumns = 1536;
  // A GEMV must read its rows from memory, as decoding does; a prompt's rows are reused from the cache.
  const uint32_t n_rows = n_tokens > 16 ? 512 : (uint32_t{128} << 20) / kColumns / 16 * 16;
  const size_t panel_bytes = panel.panel_bytes(kColumns);
  const AlignedMemory panels(panel_bytes * n_rows / kernels::kPanelRows);
  const std::byte* const no_rows[kernels::kPanelRows] = {};
  for (uint32_t i = 0; i < n_rows / kernels::kPanelRows; ++i)
    panel.pack(format, no_rows, kColumns, panels.data() + i * panel_bytes);

  std::vector<float> x(size_t{n_tokens} * kColumns);
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = static_cast<float>(i % 17) - 8.0F;
  std::vector<int8_t> q(kernels::quant_codes(n_tokens, kColumns));
  std::vector<float> scale(kernels::quant_scales(n_tokens, kColumns));
  std::vector<int32_t> neg_sum(kernels::quant_sums(n_tokens, kColumns));
  std::vector<float> y(size_t{n_tokens} * n_rows);
  const kernels::QuantTiles tiles{q.data(), scale.data(), neg_sum.data()};
  table.quantize(x.data(), kColumns, n_tokens, kColumns, tiles);

  kernels::MatmulArgs args;
  args.panels = panels.data();
  args.n_panels = n_rows / kernels::kPanelRows;
  args.k = kColumns;
  args.n_tokens = n_tokens;
  args.x_q8 = tiles;
  args.y = y.data();
  args.y_stride = n_rows;
  const auto matmul = table.matmul_q8[static_cast<size_t>(panel.format)];
  matmul(args);
  uint64_t runs = 0;
  const auto start = Clock::now();
  do {
    matmul(args);
    ++runs;
  } while (seconds_since(start) < kGemmSeconds);
  const double operations = 2.0 * n_tokens * n_rows * kColumns * static_cast<double>(runs);
  return {format.name, n_tokens, kColumns, n_rows, operations / seconds_since(start) * 1e-9};
}

}  // namespace

Peaks measure_peaks(const kernels::Kernels& table, unsigned threads) {
  std::vector<double> gops(threads);
  std::vector<double> bandwidth(threads);
  std::barrier together(static_cast<std::ptrdiff_t>(threads));
  {
    std::vector<std::jthread> team;
    team.reserve(threads);
    for (unsigned i = 0; i < threads; ++i) {
      team.emplace_back([&, i] {
        const AlignedMemory memory(kReadBytes);
        together.arrive_and_wait();
        gops[i] = kernels::int8_peak_gops(table, kPeakSeconds);
        together.arrive_and_wait();
        const auto start = Clock::now();
        uint64_t passes = 0;
        uint64_t sum = 0;
        do {
          sum += kernels::read_all(table, memory.data(), kReadBytes);
          ++passes;
        } while (Clock::now() - start < kReadTime);
        // The memory is all zeros; the comparison only keeps the reads alive.
        bandwidth[i] = sum == 1 ? 0 : static_cast<double>(passes * kReadBytes) / seconds_since(start);
      });
    }
  }
  Peaks peaks;
  for (unsigned i = 0; i < threads; ++i) {
    peaks.int8_gops += gops[i];
    peaks.bytes_per_s += bandwidth[i];
  }
  return peaks;
}

std::vector<GemmResult> measure_gemm(const kernels::Kernels& table) {
  std::vector<GemmResult> results;
  std::set<kernels::PanelFormat> seen;
  for (const quant::Format& format : quant::formats()) {
    const kernels::PanelInfo& panel = kernels::panel_for(format.id);
    if (table.matmul_q8[static_cast<size_t>(panel.format)] == nullptr || !seen.insert(panel.format).second) continue;
    for (const uint32_t n_tokens : {1U, 8U, 512U})
      results.push_back(measure(table, format, panel, n_tokens));
  }
  return results;
}

}  // namespace ingle::cli
