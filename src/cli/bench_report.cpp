#include "cli/bench_report.h"

#include <fmt/format.h>

#include "cli/console.h"
#include "cli/json_writer.h"
#include "cli/table.h"

namespace ingle::cli {
namespace {

std::string percent(double fraction) {
  return fraction > 0 ? fmt::format("{:4.0f} %", fraction * 100) : "-";
}

std::string_view bound_name(Bound bound) {
  if (bound == Bound::kUnknown) return "-";
  return bound == Bound::kCompute ? "compute" : "memory";
}

std::string threads_text(unsigned threads) {
  return fmt::format("{} thread{}", threads, threads == 1 ? "" : "s");
}

std::string gemm_table(const BenchReport& report) {
  std::vector<TableRow> rows = {{"FORMAT", "TOKENS", "THREADS", "   GOPS", "OF PEAK", " GB/S", "OF READING"}};
  for (const GemmResult& gemm : report.gemm)
    rows.push_back({std::string(gemm.format), fmt::format("{:6}", gemm.n_tokens), fmt::format("{:7}", gemm.threads),
                    fmt::format("{:7.1f}", gemm.gops), percent(gemm.peak_fraction),
                    fmt::format("{:5.1f}", gemm.bytes_per_s * 1e-9), percent(gemm.memory_fraction)});
  return table_text(rows) +
         "\nOF PEAK: of int8 products, or of f32 for F32, F16 and BF16. OF READING: packed weights against the\n"
         "memory's speed, which bounds few tokens. Both peaks were measured before and after each line.\n";
}

void write_gemm(JsonWriter& json, const GemmResult& gemm) {
  json.begin_object()
      .member("test", fmt::format("gemm {} {}x{}x{}", gemm.format, gemm.n_tokens, gemm.n_rows, gemm.k))
      .member("threads", gemm.threads)
      .member("format", gemm.format)
      .member("n_tokens", gemm.n_tokens)
      .member("gops", gemm.gops)
      .member("bytes_per_second", gemm.bytes_per_s)
      .key("peak_fraction");
  gemm.peak_fraction > 0 ? json.number(gemm.peak_fraction) : json.null();
  json.key("memory_fraction");
  gemm.memory_fraction > 0 ? json.number(gemm.memory_fraction) : json.null();
  json.end_object();
}

void write_speed(JsonWriter& json, const SpeedRow& row) {
  json.begin_object()
      .member("test", row.test.name())
      .member("threads", row.threads)
      .member("prompt", row.test.prompt)
      .member("generate", row.test.generate)
      .member("batch", row.test.batch)
      .member("depth", row.test.depth)
      .member("tokens_per_second", row.speed)
      .member("stddev", row.deviation)
      .key("peak_fraction");
  row.peak_fraction() > 0 ? json.number(row.peak_fraction()) : json.null();
  json.key("bound");
  row.roofline.bound == Bound::kUnknown ? json.null() : json.string(bound_name(row.roofline.bound));
  json.end_object();
}

void write_load(JsonWriter& json, const LoadRow& load) {
  json.begin_object()
      .member("threads", load.threads)
      .member("seconds", load.seconds)
      .member("memory_loaded", load.memory_loaded)
      .member("memory_highest", load.memory_highest)
      .member("int8_gops", load.peaks.int8_gops)
      .member("f32_gops", load.peaks.f32_gops)
      .member("read_bytes_per_second", load.peaks.bytes_per_s)
      .end_object();
}

}  // namespace

std::string head_text(const BenchReport& report) {
  std::string text = fmt::format("{}, {} cores; kernels: {}\n", report.machine.cpu, report.machine.cores, report.isa);
  if (!report.loads.empty())
    text += fmt::format("{}, {}: {} weights, {}\n", terminal_safe(report.model.name), report.model.quantization,
                        format_count(report.model.parameters), format_bytes(report.model.file_bytes));
  for (const LoadRow& load : report.loads) {
    text += fmt::format("{}: loaded in {:.2f} s; memory {} then, {} at most\n", threads_text(load.threads),
                        load.seconds, load.memory_loaded > 0 ? format_bytes(load.memory_loaded) : "unknown",
                        load.memory_highest > 0 ? format_bytes(load.memory_highest) : "unknown");
    if (load.peaks.bytes_per_s > 0)
      text += fmt::format("  this machine: {:.2f} TOPS of int8, {:.2f} of f32, reads {:.1f} GB/s\n",
                          load.peaks.int8_gops * 1e-3, load.peaks.f32_gops * 1e-3, load.peaks.bytes_per_s * 1e-9);
  }
  return text + "\n";
}

std::string table_text(const BenchReport& report) {
  if (!report.gemm.empty()) return gemm_table(report);
  std::vector<TableRow> rows = {{"TEST", "THREADS", "TOKENS/S", "", "OF PEAK", "BOUND BY"}};
  bool cached = false;
  for (const SpeedRow& row : report.speeds) {
    cached = cached || row.peak_fraction() > 1;
    rows.push_back({row.test.name(), fmt::format("{:7}", row.threads), fmt::format("{:8.1f}", row.speed),
                    row.deviation > 0 ? fmt::format("± {:.1f}", row.deviation) : "", percent(row.peak_fraction()),
                    std::string(bound_name(row.roofline.bound))});
  }
  std::string text = table_text(rows);
  if (cached) text += "\nAbove 100 %: part of the weights stayed in the cache, or the machine was busy meanwhile.\n";
  return text;
}

std::string json_text(const BenchReport& report) {
  JsonWriter json;
  json.begin_object();
  write_machine(json, report.machine, report.isa);
  if (report.gemm.empty()) {
    json.key("model")
        .begin_object()
        .member("name", report.model.name)
        .member("quantization", report.model.quantization)
        .member("parameters", report.model.parameters)
        .member("bytes", report.model.file_bytes)
        .member("isa", report.model.isa)
        .member("kv", report.kv_type)
        .end_object();
    json.key("loads").begin_array();
    for (const LoadRow& load : report.loads)
      write_load(json, load);
    json.end_array();
  }
  json.key("results").begin_array();
  for (const GemmResult& gemm : report.gemm)
    write_gemm(json, gemm);
  for (const SpeedRow& row : report.speeds)
    write_speed(json, row);
  json.end_array().member("interrupted", report.interrupted).end_object();
  return json.take_line();
}

std::string csv_text(const BenchReport& report) {
  std::string text;
  if (!report.gemm.empty()) {
    text = "format,n_tokens,threads,gops,peak_fraction,bytes_per_second,memory_fraction\n";
    for (const GemmResult& gemm : report.gemm)
      text += fmt::format("{},{},{},{:.1f},{:.4f},{:.0f},{:.4f}\n", gemm.format, gemm.n_tokens, gemm.threads, gemm.gops,
                          gemm.peak_fraction, gemm.bytes_per_s, gemm.memory_fraction);
    return text;
  }
  text =
      "test,threads,prompt,generate,batch,depth,tokens_per_second,stddev,peak_fraction,bound,load_seconds,"
      "memory_loaded,memory_highest,quantization,kv,isa\n";
  for (const SpeedRow& row : report.speeds) {
    LoadRow load;
    for (const LoadRow& each : report.loads)
      if (each.threads == row.threads) load = each;
    text += fmt::format("{},{},{},{},{},{},{:.2f},{:.2f},{:.4f},{},{:.3f},{},{},{},{},{}\n", row.test.name(),
                        row.threads, row.test.prompt, row.test.generate, row.test.batch, row.test.depth, row.speed,
                        row.deviation, row.peak_fraction(), bound_name(row.roofline.bound), load.seconds,
                        load.memory_loaded, load.memory_highest, report.model.quantization, report.kv_type, report.isa);
  }
  return text;
}

}  // namespace ingle::cli
