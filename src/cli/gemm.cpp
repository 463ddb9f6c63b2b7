#include "cli/gemm.h"

#include <fmt/format.h>
#include <strings.h>

#include <algorithm>
#include <barrier>
#include <chrono>
#include <set>
#include <thread>

#include "backend/cpu/buffer.h"
#include "quant/format.h"

namespace ingle::cli {
namespace {

using Clock = std::chrono::steady_clock;
using backend::cpu::Buffer;

constexpr uint32_t kColumns = 1536;
constexpr uint32_t kTokens[] = {1, 8, 512};
constexpr uint32_t kFewTokens = 16;
constexpr uint32_t kPromptRows = 512;  // a thread; weights and activations stay in its cache, as in blocked products
constexpr size_t kMatrixBytes = size_t{160} << 20;  // with few tokens the weights come from memory, as in decoding
constexpr double kSeconds = 0.15;

/// Activations of a prompt in both forms.
struct Activations {
  Activations()
      : x(size_t{kMaxTokens} * kColumns),
        codes(kernels::quant_codes(kMaxTokens, kColumns)),
        scales(kernels::quant_scales(kMaxTokens, kColumns)),
        sums(kernels::quant_sums(kMaxTokens, kColumns)) {
    for (size_t i = 0; i < x.size(); ++i)
      x[i] = static_cast<float>(i % 17) - 8.0F;
  }
  /// The tiles of a batch depend on its size.
  kernels::QuantTiles quantize(const kernels::Kernels& table, uint32_t n_tokens) {
    const kernels::QuantTiles tiles{codes.data(), scales.data(), sums.data()};
    table.quantize(x.data(), kColumns, n_tokens, kColumns, tiles);
    return tiles;
  }

  static constexpr uint32_t kMaxTokens = 512;
  std::vector<float> x;
  std::vector<int8_t> codes;
  std::vector<float> scales;
  std::vector<int32_t> sums;
};

struct Case {
  const quant::Format* format;
  const kernels::PanelInfo* panel;
  kernels::MatmulFn matmul;
  bool is_float;
};

/// One row a panel format: file formats that share one run the same kernel.
Result<std::vector<Case>> cases(const kernels::Kernels& table, const std::vector<std::string>& names) {
  std::vector<Case> all;
  std::set<kernels::PanelFormat> seen;
  std::string known;
  for (const quant::Format& format : quant::formats()) {
    const kernels::PanelInfo& panel = kernels::panel_for(format.id);
    const bool named = std::ranges::any_of(
        names, [&](const std::string& name) { return ::strcasecmp(name.c_str(), format.name.data()) == 0; });
    known += fmt::format("{}{}", known.empty() ? "" : ", ", format.name);
    if (!named && (!names.empty() || !seen.insert(panel.format).second)) continue;
    const auto index = static_cast<size_t>(panel.format);
    const bool is_float = table.matmul_q8[index] == nullptr;
    all.push_back({&format, &panel, is_float ? table.matmul_f32[index] : table.matmul_q8[index], is_float});
  }
  if (all.size() < names.size())
    return std::unexpected(
        Error::usage("ingle bench: --format names a format that does not exist").hint("formats: " + known));
  return all;
}

/// Zeros of a format, packed: what the numbers are makes no difference to any kernel.
Result<Buffer> packed_zeros(const Case& c, size_t n_panels) {
  const size_t panel_bytes = c.panel->panel_bytes(kColumns);
  INGLE_TRY(Buffer panels, Buffer::allocate(panel_bytes * n_panels, "the matrix of the measurement"));
  const std::byte* const no_rows[kernels::kPanelRows] = {};
  for (size_t i = 0; i < n_panels; ++i)
    c.panel->pack(*c.format, no_rows, kColumns, panels.data() + i * panel_bytes);
  return panels;
}

/// Seconds of the fastest round in which every thread multiplies its share of the panels once.
double fastest_round(const Case& c, const Buffer& panels, uint32_t n_panels, unsigned threads, uint32_t n_tokens,
                     const kernels::QuantTiles& tiles, const Activations& x) {
  double best = 1e9;
  bool more = true;
  auto round_start = Clock::now();
  const auto end = round_start + std::chrono::duration<double>(kSeconds);
  const auto next_round = [&]() noexcept {
    const auto now = Clock::now();
    best = std::min(best, std::chrono::duration<double>(now - round_start).count());
    round_start = now;
    more = now < end;
  };
  std::barrier together(static_cast<std::ptrdiff_t>(threads), next_round);
  std::vector<std::jthread> team;
  team.reserve(threads);
  for (unsigned i = 0; i < threads; ++i) {
    team.emplace_back([&, i] {
      const uint32_t share = n_panels / threads;
      const uint32_t stride = share * kernels::kPanelRows;
      std::vector<float> y(size_t{n_tokens} * stride);
      kernels::MatmulArgs args;
      args.panels = panels.data() + size_t{i} * share * c.panel->panel_bytes(kColumns);
      args.n_panels = share;
      args.k = kColumns;
      args.n_tokens = n_tokens;
      args.x_q8 = tiles;
      args.x = x.x.data();
      args.x_stride = kColumns;
      args.y = y.data();
      args.y_stride = stride;
      c.matmul(args);
      together.arrive_and_wait();
      do {
        c.matmul(args);
        together.arrive_and_wait();
      } while (more);
    });
  }
  team.clear();
  return best;
}

GemmResult judged(const Case& c, unsigned threads, uint32_t n_tokens, uint32_t n_panels, double seconds,
                  const Peaks& peaks) {
  GemmResult result;
  result.format = c.format->name;
  result.is_float = c.is_float;
  result.n_tokens = n_tokens;
  result.k = kColumns;
  result.n_rows = n_panels * kernels::kPanelRows;
  result.threads = threads;
  result.gops = 2.0 * n_tokens * result.n_rows * kColumns / seconds * 1e-9;
  result.bytes_per_s = static_cast<double>(c.panel->panel_bytes(kColumns)) * n_panels / seconds;
  const double peak = c.is_float ? peaks.f32_gops : peaks.int8_gops;
  if (peak > 0) result.peak_fraction = result.gops / peak;
  // A prompt's weights come from the cache: how fast they are read says nothing about the memory.
  if (n_tokens <= kFewTokens && peaks.bytes_per_s > 0) result.memory_fraction = result.bytes_per_s / peaks.bytes_per_s;
  return result;
}

}  // namespace

Result<std::vector<GemmResult>> measure_gemm(const kernels::Kernels& table, const GemmOptions& options) {
  INGLE_TRY(const std::vector<Case> all, cases(table, options.formats));
  Activations x;
  std::vector<GemmResult> results;
  const double steps = static_cast<double>(all.size() * options.threads.size() * std::size(kTokens));
  for (const unsigned threads : options.threads) {
    INGLE_TRY(Peaks before, measure_peaks(table, threads));
    for (const Case& c : all) {
      const auto n_panels = static_cast<uint32_t>(kMatrixBytes / c.panel->panel_bytes(kColumns)) / threads * threads;
      INGLE_TRY(const Buffer panels, packed_zeros(c, n_panels));
      for (const uint32_t n_tokens : kTokens) {
        if (options.stop.stop_requested()) return results;
        if (options.progress) options.progress(c.format->name, static_cast<double>(results.size()) / steps);
        const uint32_t used = n_tokens <= kFewTokens ? n_panels : threads * kPromptRows / kernels::kPanelRows;
        const double seconds = fastest_round(c, panels, used, threads, n_tokens, x.quantize(table, n_tokens), x);
        INGLE_TRY(const Peaks after, measure_peaks(table, threads));
        results.push_back(judged(c, threads, n_tokens, used, seconds, mean(before, after)));
        before = after;
      }
    }
  }
  return results;
}

}  // namespace ingle::cli
