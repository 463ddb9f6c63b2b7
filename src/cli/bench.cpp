#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/cpu_features.h"
#include "cli/bench_report.h"
#include "cli/load_model.h"
#include "cli/progress.h"
#include "cli/shape_file.h"
#include "cli/verb.h"
#include "gguf/file.h"
#include "models/model.h"

namespace ingle::cli {
namespace {

/// The model as this process will have it in memory, from its file's table; no weights are read.
Result<ModelWork> work_of(const app::ModelFiles& files, const kernels::Kernels& table, const engine::Options& options) {
  std::vector<base::FileDescriptor> parts;
  for (const std::filesystem::path& path : files.parts) {
    INGLE_TRY(base::FileDescriptor part, base::FileDescriptor::open_read(path));
    parts.push_back(std::move(part));
  }
  INGLE_TRY(auto file, gguf::File::open(parts, files.name));
  INGLE_TRY(const models::Model model, models::load(std::move(file)));
  INGLE_TRY(const backend::KvType kv, backend::kv_type_of(options.kv_type));
  return ModelWork::of(model.program, table, options.reference, kv);
}

class Bench : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.positional(model_, "MODEL", "an installed model or a .gguf file", false).completes = Completes::kModel;
    arguments.group("Tests");
    arguments.values(prompts_, "-p,--prompt", "N,...", "prefill tests: read N tokens (default 512); 0 = none", 0,
                     1 << 20);
    arguments.values(generates_, "-n,--generate", "N,...", "decode tests: generate N tokens (default 128); 0 = none", 0,
                     1 << 20);
    arguments.values(batches_, "-b,--batch", "N,...", "sequences that decode at once (default 1)", 1, 256);
    arguments.values(depths_, "-d,--depth", "N,...", "tokens in the context before the test begins (default 0)", 0,
                     1 << 20);
    arguments.flag(full_, "--full", "pp512; tg128 with 1 to 8 and 16 sequences; both at a depth of 4096");
    arguments.values(threads_, "-t,--threads", "N,...", "threads (default: the setting, else one a physical core)", 1,
                     1024);
    arguments.value(repetitions_, "-r,--repetitions", "N",
                    "counted runs of each test, after one that is not (default 5)", 1, 1000);
    arguments.value(isa_, "--isa", "NAME", "kernels: avx512, avxvnni, avx2, dotprod, i8mm or scalar");
    arguments.value(kv_type_, "--kv", "TYPE", "number format of the KV cache: f16, bf16, f32 or i8");
    arguments.flag(reference_, "--reference", "compute in f32 throughout");
    arguments.group("Without a model");
    arguments.value(shape_, "--shape", "NAME[:FORMAT]",
                    "random weights in the shape of a known model: llama3-8b:q4_k_m");
    arguments.value(write_shape_, "--write-shape", "FILE", "keep the weights of --shape as FILE and measure nothing");
    arguments.flag(gemm_, "--gemm", "only the matrix products of the kernels, on one thread and on all");
    arguments.values(formats_, "--format", "NAME", "with --gemm: only this format of weights; repeatable");
    arguments.group("Output");
    arguments.flag(json_, "--json", "print one JSON object");
    arguments.flag(csv_, "--csv", "print comma-separated values");
  }

  Result<int> run(Context& context) override {
    INGLE_TRY_VOID(check_options());
    if (isa_) INGLE_TRY_VOID(context.app->settings().override_with_flag("isa", *isa_));
    if (kv_type_) INGLE_TRY_VOID(context.app->settings().override_with_flag("kv_type", *kv_type_));
    INGLE_TRY(const kernels::Kernels* kernels, kernels::choose(context.app->settings().isa));
    BenchReport report;
    report.machine = this_machine();
    report.isa = kernels->name;
    if (gemm_) {
      INGLE_TRY_VOID(run_gemm(context, *kernels, report));
    } else if (shape_.empty()) {
      INGLE_TRY(const app::ModelFiles files, locate_or_pull(context, model_));
      INGLE_TRY_VOID(run_model(context, *kernels, files, report));
    } else {
      INGLE_TRY(const shapes::ShapeSpec spec, shapes::parse_spec(shape_));
      if (!write_shape_.empty()) return write_shape(context, spec);
      INGLE_TRY(const TemporaryShape shape, TemporaryShape::write(context, spec));
      INGLE_TRY_VOID(run_model(context, *kernels, shape.files(), report));
    }
    return print(context, report);
  }

 private:
  Status check_options() const {
    const auto wrong = [](std::string what, std::string hint) {
      return std::unexpected(Error::usage("ingle bench: " + std::move(what)).hint(std::move(hint)));
    };
    const int sources = (model_.empty() ? 0 : 1) + (shape_.empty() ? 0 : 1) + (gemm_ ? 1 : 0);
    if (!write_shape_.empty() && shape_.empty())
      return wrong("--write-shape wants a --shape", "ingle bench --shape llama3-8b:q4_k_m --write-shape FILE");
    if (sources == 0)
      return wrong("MODEL is missing",
                   "'ingle bench MODEL', '--shape NAME' for random weights, or '--gemm' for the kernels");
    if (sources > 1) return wrong("MODEL, --shape and --gemm exclude each other", "name one of them");
    if (!formats_.empty() && !gemm_)
      return wrong("--format belongs to --gemm", "a shape's format: --shape NAME:FORMAT");
    if (json_ && csv_) return wrong("--json and --csv exclude each other", "name one of them");
    const bool chosen = !prompts_.empty() || !generates_.empty() || !batches_.empty() || !depths_.empty();
    if (full_ && chosen) return wrong("--full chooses the tests itself", "leave out -p, -n, -b and -d, or --full");
    if (std::ranges::find(generates_, 1) != generates_.end())
      return wrong("-n 1 has no speed, since the first token comes with the prompt",
                   "-n 2 or more; -n 0 leaves the decode tests out");
    if (!gemm_ && tests().empty())
      return std::unexpected(Error::usage("these options leave nothing to measure")
                                 .hint("-p wants tokens to read, or -n at least 2 tokens to generate"));
    return {};
  }

  Result<int> write_shape(Context& context, const shapes::ShapeSpec& spec) const {
    INGLE_TRY_VOID(write_shape_file(context, spec, write_shape_));
    context.console.talk(fmt::format("'{}' holds {} with random weights\n", write_shape_, spec.name()));
    return 0;
  }

  Status run_gemm(Context& context, const kernels::Kernels& kernels, BenchReport& report) const {
    Progress progress(context.console);
    GemmOptions options;
    options.formats = formats_;
    options.threads.assign(threads_.begin(), threads_.end());
    if (threads_.empty()) options.threads = {1, base::physical_cores()};
    if (threads_.empty() && options.threads[1] == 1) options.threads.pop_back();
    options.progress = [&](std::string_view format, double done) {
      progress.fraction(fmt::format("matrix products, {}", format), done);
    };
    options.stop = context.interrupts.arm();
    INGLE_TRY(report.gemm, measure_gemm(kernels, options));
    report.interrupted = options.stop.stop_requested();
    context.interrupts.disarm();
    return {};
  }

  std::vector<SpeedTest> tests() const {
    if (full_) return full_tests();
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

  static std::vector<SpeedTest> full_tests() {
    constexpr uint32_t kDepth = 4096;
    std::vector<SpeedTest> tests = {{.prompt = 512}};
    for (const uint32_t batch : {1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U, 16U})
      tests.push_back({.generate = 128, .batch = batch});
    tests.push_back({.prompt = 512, .depth = kDepth});
    tests.push_back({.generate = 64, .depth = kDepth});
    return tests;
  }

  std::vector<int64_t> thread_counts(const app::Settings& settings) const {
    if (!threads_.empty()) return threads_;
    return {settings.threads > 0 ? settings.threads : base::physical_cores()};
  }

  Status run_model(Context& context, const kernels::Kernels& kernels, const app::ModelFiles& files,
                   BenchReport& report) const {
    const std::vector<SpeedTest> all = tests();
    engine::Options options = context.app->engine_options();
    options.isa = kernels.name;
    options.reference = reference_;
    options.context = 0;
    options.max_sequences = 1;
    options.speculate = false;  // the text is noise, on which a model falls into loops
    for (const SpeedTest& test : all) {
      options.context = std::max(options.context, test.depth + test.prompt + test.generate + 2);
      options.max_sequences = std::max(options.max_sequences, test.batch);
    }
    INGLE_TRY(const ModelWork work, work_of(files, kernels, options));
    report.kv_type = !options.kv_type.empty() ? options.kv_type : reference_ ? "f32" : "f16";
    const std::stop_token stop = context.interrupts.arm();
    for (const int64_t threads : thread_counts(context.app->settings())) {
      options.threads = static_cast<uint32_t>(threads);
      if (!stop.stop_requested()) INGLE_TRY_VOID(run_tests(context, kernels, files, options, all, work, stop, report));
    }
    report.interrupted = stop.stop_requested();
    context.interrupts.disarm();
    return {};
  }

  /// One loaded engine, all tests; the machine's peaks before and after each.
  Status run_tests(Context& context, const kernels::Kernels& kernels, const app::ModelFiles& files,
                   const engine::Options& options, const std::vector<SpeedTest>& all, const ModelWork& work,
                   const std::stop_token& stop, BenchReport& report) const {
    // More threads than cores make no more peak, they only wait for each other.
    const unsigned cores = std::min(options.threads, base::physical_cores());
    INGLE_TRY(Peaks before, measure_peaks(kernels, cores));
    LoadRow load;
    load.threads = options.threads;
    const auto start = std::chrono::steady_clock::now();
    INGLE_TRY(const LoadedModel model, load_files(context, files, options, true));
    load.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    load.memory_loaded = memory_now();
    report.model = model.description;
    const size_t row = report.loads.size();
    report.loads.push_back(load);
    Progress progress(context.console);
    for (const SpeedTest& test : all) {
      progress.spin(fmt::format("{} with {} threads ({} of {})", test.name(), options.threads,
                                report.speeds.size() % all.size() + 1, all.size()));
      // The peaks read memory that is not the model's: it must not count.
      const bool known = reset_memory_peak();
      auto speeds = measure_speed(*model.completer, test, static_cast<uint32_t>(repetitions_.value_or(5)), stop);
      if (!speeds && stop.stop_requested()) return {};
      if (!speeds) return std::unexpected(std::move(speeds).error());
      if (known) report.loads[row].memory_highest = std::max(report.loads[row].memory_highest, memory_peak());
      INGLE_TRY(const Peaks after, measure_peaks(kernels, cores));
      const Peaks peaks = mean(before, after);
      report.loads[row].peaks = peaks;
      report.speeds.push_back({.test = test,
                               .threads = options.threads,
                               .speed = mean(*speeds),
                               .deviation = standard_deviation(*speeds),
                               .roofline = roofline(work, test, peaks)});
      before = after;
    }
    return {};
  }

  Result<int> print(Context& context, const BenchReport& report) const {
    constexpr int kInterrupted = 130;
    if (report.interrupted) context.console.talk("interrupted: what follows was measured before\n");
    if (json_) {
      context.console.out(json_text(report));
    } else if (csv_) {
      context.console.out(csv_text(report));
    } else {
      context.console.talk(head_text(report));
      context.console.out(table_text(report));
    }
    return report.interrupted ? kInterrupted : 0;
  }

  std::string model_;
  std::vector<int64_t> prompts_;
  std::vector<int64_t> generates_;
  std::vector<int64_t> batches_;
  std::vector<int64_t> depths_;
  std::vector<int64_t> threads_;
  std::optional<int64_t> repetitions_;
  std::optional<std::string> isa_, kv_type_;
  std::string shape_;
  std::string write_shape_;
  std::vector<std::string> formats_;
  bool full_ = false;
  bool reference_ = false;
  bool gemm_ = false;
  bool json_ = false;
  bool csv_ = false;
};

}  // namespace

std::unique_ptr<Command> make_bench() {
  return std::make_unique<Bench>();
}

}  // namespace ingle::cli
