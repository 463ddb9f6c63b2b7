#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/cpu_features.h"
#include "cli/json_writer.h"
#include "cli/load_model.h"
#include "cli/machine.h"
#include "cli/measure.h"
#include "cli/peaks.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "cli/verb.h"

namespace ingle::cli {
namespace {

struct BenchResult {
  std::string test;
  unsigned threads = 1;
  double speed = 0;  // tokens per second, or 10^9 operations per second for --gemm
  double deviation = 0;
  double peak_fraction = 0;  // 0: unknown

  /// A share above 1 says that the peak was measured badly, on a busy machine for example, and nothing about the test.
  bool has_peak() const { return peak_fraction > 0 && peak_fraction <= 1; }
};

class Bench : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.positional(model_, "MODEL", "an installed model or a .gguf file", false).completes = Completes::kModel;
    arguments.values(prompts_, "-p,--prompt", "N,...", "prefill tests: read N tokens (default 512); 0 = none", 0,
                     1 << 20);
    arguments.values(generates_, "-n,--generate", "N,...", "decode tests: generate N tokens (default 128); 0 = none", 0,
                     1 << 20);
    arguments.values(batches_, "-b,--batch", "N,...", "sequences that decode at once (default 1)", 1, 256);
    arguments.values(depths_, "-d,--depth", "N,...", "tokens in the context before the test begins (default 0)", 0,
                     1 << 20);
    arguments.values(threads_, "-t,--threads", "N,...", "threads (default: the setting, else one a physical core)", 1,
                     1024);
    arguments.value(repetitions_, "-r,--repetitions", "N",
                    "counted runs of each test, after one that is not (default 5)", 1, 1000);
    arguments.value(isa_, "--isa", "NAME", "instruction set of the kernels: scalar, avx2 ...");
    arguments.flag(reference_, "--reference", "compute in f32 throughout");
    arguments.flag(gemm_, "--gemm", "no model: the int8 matrix products of the kernels on one thread");
    arguments.value(shape_, "--shape", "NAME", "a model of this shape with random weights (not in this version)");
    arguments.flag(json_, "--json", "print one JSON object");
  }

  Result<int> run(Context& context) override {
    if (!shape_.empty())
      return std::unexpected(Error::unsupported("bench --shape is not available in this version")
                                 .hint("name a model that is installed, or a .gguf file"));
    if (!gemm_ && model_.empty())
      return std::unexpected(Error::usage("ingle bench: MODEL is missing")
                                 .hint("'ingle bench MODEL', or 'ingle bench --gemm' for the kernels alone"));
    if (gemm_ && !threads_.empty())
      return std::unexpected(Error::usage("ingle bench: --gemm measures one thread, so -t has no place beside it")
                                 .hint("leave out -t, or name a MODEL instead of --gemm"));
    if (std::ranges::find(generates_, 1) != generates_.end())
      return std::unexpected(Error::usage("ingle bench: -n 1 has no speed, since the first token comes with the prompt")
                                 .hint("-n 2 or more; -n 0 leaves the decode tests out"));
    if (isa_) INGLE_TRY_VOID(context.app->settings().override_with_flag("isa", *isa_));
    INGLE_TRY(const kernels::Kernels* kernels, kernels::choose(context.app->settings().isa));
    std::vector<BenchResult> results;
    chat::Description description;
    if (gemm_) {
      results = run_gemm(context, *kernels);
    } else {
      INGLE_TRY(results, run_model(context, *kernels, description));
    }
    print(context, description, kernels->name, results);
    return 0;
  }

 private:
  std::vector<BenchResult> run_gemm(Context& context, const kernels::Kernels& kernels) const {
    Progress progress(context.console);
    progress.spin("measuring the matrix products");
    const Peaks peaks = measure_peaks(kernels, 1);
    std::vector<BenchResult> results;
    for (const GemmResult& gemm : measure_gemm(kernels))
      results.push_back({.test = fmt::format("gemm {} {}x{}x{}", gemm.format, gemm.n_tokens, gemm.n_rows, gemm.k),
                         .threads = 1,
                         .speed = gemm.gops,
                         .deviation = 0,
                         .peak_fraction = peaks.int8_gops > 0 ? gemm.gops / peaks.int8_gops : 0});
    return results;
  }

  std::vector<SpeedTest> tests() const {
    std::vector<SpeedTest> tests;
    for (const int64_t depth : depths_.empty() ? std::vector<int64_t>{0} : depths_) {
      for (const int64_t n : prompts_.empty() ? std::vector<int64_t>{512} : prompts_)
        if (n > 0) tests.push_back({.prompt = static_cast<uint32_t>(n), .depth = static_cast<uint32_t>(depth)});
      for (const int64_t n : generates_.empty() ? std::vector<int64_t>{128} : generates_)
        for (const int64_t batch : batches_.empty() ? std::vector<int64_t>{1} : batches_)
          if (n > 1)
            tests.push_back({.generate = static_cast<uint32_t>(n),
                             .batch = static_cast<uint32_t>(batch),
                             .depth = static_cast<uint32_t>(depth)});
    }
    return tests;
  }

  std::vector<int64_t> thread_counts(const app::Settings& settings) const {
    if (!threads_.empty()) return threads_;
    return {settings.threads > 0 ? settings.threads : base::physical_cores()};
  }

  Result<std::vector<BenchResult>> run_model(Context& context, const kernels::Kernels& kernels,
                                             chat::Description& description) const {
    const std::vector<SpeedTest> all = tests();
    if (all.empty())
      return std::unexpected(Error::usage("these options leave nothing to measure")
                                 .hint("-p wants tokens to read, or -n at least 2 tokens to generate"));
    uint32_t longest = 0;
    uint32_t most = 1;
    for (const SpeedTest& test : all) {
      longest = std::max(longest, test.depth + test.prompt + test.generate + 2);
      most = std::max(most, test.batch);
    }
    INGLE_TRY(const app::ModelFiles files, locate_or_pull(context, model_));
    const std::stop_token stop = context.interrupts.arm();
    std::vector<BenchResult> results;
    for (const int64_t threads : thread_counts(context.app->settings())) {
      engine::Options options = context.app->engine_options();
      options.threads = static_cast<uint32_t>(threads);
      options.isa = kernels.name;
      options.reference = reference_;
      options.context = longest;
      options.max_sequences = most;
      INGLE_TRY(const LoadedModel model, load_files(context, files, options, true));
      description = model.description;
      const Peaks peaks = measure_peaks(kernels, static_cast<unsigned>(threads));
      Progress progress(context.console);
      for (const SpeedTest& test : all) {
        progress.spin(fmt::format("{} with {} threads", test.name(), threads));
        INGLE_TRY(const auto speeds, measure_speed(*model.completer, test, repetition_count(), stop));
        results.push_back({.test = test.name(),
                           .threads = static_cast<unsigned>(threads),
                           .speed = mean(speeds),
                           .deviation = standard_deviation(speeds),
                           .peak_fraction = fraction(test, mean(speeds), description, peaks)});
      }
    }
    context.interrupts.disarm();
    return results;
  }

  uint32_t repetition_count() const { return static_cast<uint32_t>(repetitions_.value_or(5)); }

  /// Prefill is bound by arithmetic: two operations a weight and token, the embedding table left out. Decode is bound by
  /// memory: every step reads the whole file's weights once, for all sequences together.
  double fraction(const SpeedTest& test, double speed, const chat::Description& model, const Peaks& peaks) const {
    if (test.prompt > 0) {
      if (peaks.int8_gops <= 0 || reference_) return 0;
      const uint64_t table_size = uint64_t{model.vocab_size} * model.embedding_size;
      const double weights = static_cast<double>(model.parameters - std::min(table_size, model.parameters));
      return speed * 2 * weights / (peaks.int8_gops * 1e9);
    }
    return speed / test.batch * static_cast<double>(model.file_bytes) / peaks.bytes_per_s;
  }

  void print(Context& context, const chat::Description& description, std::string_view isa,
             const std::vector<BenchResult>& results) const {
    const Machine machine = this_machine();
    if (!json_) {
      std::vector<TableRow> rows = {{"TEST", "THREADS", gemm_ ? "GOPS" : "TOKENS/S", "", "OF PEAK"}};
      for (const BenchResult& result : results)
        rows.push_back({result.test, std::to_string(result.threads), fmt::format("{:.1f}", result.speed),
                        gemm_ ? "" : fmt::format("± {:.1f}", result.deviation),
                        result.has_peak() ? fmt::format("{:.0f} %", result.peak_fraction * 100) : "-"});
      context.console.talk(fmt::format("{}, {} cores, kernels: {}\n", machine.cpu, machine.cores, isa));
      context.console.out(table_text(rows));
      return;
    }
    JsonWriter json;
    json.begin_object();
    write_machine(json, machine, isa);
    if (!gemm_)
      json.key("model")
          .begin_object()
          .member("name", description.name)
          .member("quantization", description.quantization)
          .member("parameters", description.parameters)
          .member("bytes", description.file_bytes)
          .member("isa", description.isa)
          .end_object();
    json.key("results").begin_array();
    for (const BenchResult& result : results) {
      json.begin_object().member("test", result.test).member("threads", result.threads);
      if (gemm_) {
        json.member("gops", result.speed);
      } else {
        json.member("tokens_per_second", result.speed).member("stddev", result.deviation);
      }
      json.key("peak_fraction");
      if (result.has_peak()) {
        json.number(result.peak_fraction);
      } else {
        json.null();
      }
      json.end_object();
    }
    json.end_array().end_object();
    context.console.out(json.take_line());
  }

  std::string model_;
  std::vector<int64_t> prompts_;
  std::vector<int64_t> generates_;
  std::vector<int64_t> batches_;
  std::vector<int64_t> depths_;
  std::vector<int64_t> threads_;
  std::optional<int64_t> repetitions_;
  std::optional<std::string> isa_;
  std::string shape_;
  bool reference_ = false;
  bool gemm_ = false;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_bench() {
  return std::make_unique<Bench>();
}

}  // namespace ingle::cli
