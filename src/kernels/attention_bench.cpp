// Attention over KV chunks by table, format, head size and rows that share a KV head: multiply-adds and bytes of KV a second.
// near: one chunk again and again, as the queries of a prompt do; far: chunks that come from memory, as in decoding.
// One thread; pin it (taskset) and compare within one run.
#include <benchmark/benchmark.h>
#include <sys/mman.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "kernels/registry.h"
#include "kernels/testing/samples.h"

namespace ingle::kernels {
namespace {

constexpr size_t kFarBytes = size_t{192} << 20;  // more than any cache of the machines at hand

struct Free {
  void operator()(std::byte* p) const { std::free(p); }
};

/// Memory in large pages, as the engine's.
std::unique_ptr<std::byte, Free> large_pages(size_t n) {
  constexpr size_t kLargePage = size_t{2} << 20;
  n = (n + kLargePage - 1) / kLargePage * kLargePage;
  std::unique_ptr<std::byte, Free> memory(static_cast<std::byte*>(std::aligned_alloc(kLargePage, n)));
  ::madvise(memory.get(), n, MADV_HUGEPAGE);
  return memory;
}

void stream(benchmark::State& state, const Kernels* table) {
  const auto bytes = large_pages(kFarBytes);
  std::fill_n(bytes.get(), kFarBytes, std::byte{1});
  for (auto _ : state)
    benchmark::DoNotOptimize(table->checksum(bytes.get(), kFarBytes));
  state.counters["GMAC/s"] = 0;
  state.counters["GB/s"] =
      benchmark::Counter(1e-9 * static_cast<double>(kFarBytes * state.iterations()), benchmark::Counter::kIsRate);
}

void run(benchmark::State& state, const Kernels* table, KvFormat format, bool far) {
  const auto dim = static_cast<uint32_t>(state.range(0)), n_rows = static_cast<uint32_t>(state.range(1));
  const size_t page_bytes = kv_head_bytes(format, dim);
  const size_t n_chunks = far ? kFarBytes / (page_bytes * kChunkPages) : 1;
  const auto bytes = large_pages(n_chunks * kChunkPages * page_bytes);
  const std::vector<float> k = testing::normals(dim, 1), v = testing::normals(dim, 2);
  std::vector<const std::byte*> pages;
  for (size_t i = 0; i < n_chunks * kChunkPages; ++i) {
    // Pages of a sequence lie apart: other layers and heads are between them.
    std::byte* page = bytes.get() + i * 7919 % (n_chunks * kChunkPages) * page_bytes;
    for (uint32_t slot = 0; slot < kPageTokens; ++slot)
      table->kv_store({format, page, slot, dim, k.data(), v.data()});
    pages.push_back(page);
  }
  const std::vector<float> q = testing::normals(size_t{n_rows} * dim, 3);
  const std::vector<uint32_t> from(n_rows, 0), to(n_rows, kChunkTokens);
  std::vector<float> m(n_rows), l(n_rows), out(size_t{n_rows} * dim);
  AttendArgs args;
  args.format = format;
  args.head_dim = dim;
  args.n_rows = n_rows;
  args.q = q.data();
  args.from = from.data();
  args.to = to.data();
  args.scale = 0.1F;
  args.m = m.data();
  args.l = l.data();
  args.out = out.data();
  size_t chunk = 0;
  for (auto _ : state) {
    args.pages = pages.data() + chunk * kChunkPages;
    chunk = chunk + 1 < n_chunks ? chunk + 1 : 0;
    args.ahead = pages.data() + chunk * kChunkPages;
    table->attend_chunk(args);
  }
  const double chunks = static_cast<double>(state.iterations());
  state.counters["GMAC/s"] =
      benchmark::Counter(2e-9 * kChunkTokens * dim * n_rows * chunks, benchmark::Counter::kIsRate);
  state.counters["GB/s"] =
      benchmark::Counter(1e-9 * kChunkPages * static_cast<double>(page_bytes) * chunks, benchmark::Counter::kIsRate);
}

const bool kRegistered = [] {
  for (const Kernels* table : available()) {
    if (!table->quantize_by_default) continue;
    benchmark::RegisterBenchmark((std::string(table->name) + "/memory").c_str(), stream, table);
    for (const auto& [format, word] :
         {std::pair{KvFormat::kF32, "f32"}, std::pair{KvFormat::kF16, "f16"}, std::pair{KvFormat::kI8, "i8"}}) {
      for (const bool far : {false, true}) {
        const std::string name = std::string(table->name) + "/" + word + (far ? "/far" : "/near");
        auto* bench = benchmark::RegisterBenchmark(name.c_str(), run, table, format, far);
        for (const int dim : {64, 128, 256})
          for (const int rows : {1, 2, 3, 4, 6, 7, 8, 15, 48})
            if (!far || rows <= 15) bench->Args({dim, rows});
        bench->ArgNames({"D", "R"});
      }
    }
  }
  return true;
}();

}  // namespace
}  // namespace ingle::kernels
