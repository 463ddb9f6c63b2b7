#include "eval/perplexity.h"

#include <fmt/format.h>

#include "base/files.h"
#include "cli/json_writer.h"
#include "cli/load_model.h"
#include "cli/progress.h"
#include "cli/verb.h"

namespace ingle::cli {
namespace {

constexpr uint64_t kMaxInputBytes = uint64_t{60} << 20;

class PerplexityVerb : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.positional(model_, "MODEL", "an installed model or a .gguf file").completes = Completes::kModel;
    arguments.positional(file_, "FILE", "the text").completes = Completes::kFile;
    arguments.value(ctx_, "-c,--ctx", "N", "tokens in a window (default 512)", 2, 1 << 20);
    arguments.value(chunks_, "--chunks", "N", "windows at most; 0 = all (default 0)", 0, 1 << 30);
    arguments.flag(json_, "--json", "print one JSON object");
    arguments.group("Engine");
    arguments.value(engine_.threads, "-t,--threads", "N", "threads; 0 = one a physical core", 0, 1024);
    arguments.value(engine_.isa, "--isa", "NAME", "instruction set of the kernels: scalar, avx2 ...");
    arguments.value(engine_.kv_type, "--kv", "TYPE", "number format of the KV cache: f16, i8 (half the memory) ...");
    arguments.flag(engine_.reference, "--reference", "compute in f32 throughout: slow and exact");
  }

  Result<int> run(Context& context) override {
    eval::PerplexityOptions options;
    options.ctx = static_cast<uint32_t>(ctx_.value_or(512));
    options.max_chunks = static_cast<uint32_t>(chunks_.value_or(0));
    INGLE_TRY(const std::string text, base::read_file(file_, kMaxInputBytes));
    engine_.context = options.ctx;
    INGLE_TRY(const LoadedModel model, load_model(context, model_, engine_));

    options.stop = context.interrupts.arm();
    Progress progress(context.console);
    options.on_chunk = [&](const eval::Perplexity& so_far, uint32_t n_chunks) {
      progress.fraction(fmt::format("window {} of {}: {:.4f}", so_far.chunks, n_chunks, so_far.ppl),
                        static_cast<double>(so_far.chunks) / n_chunks);
    };
    INGLE_TRY(const eval::Perplexity result, eval::perplexity(*model.completer, text, options));
    context.interrupts.disarm();
    progress.clear();
    if (json_) {
      JsonWriter json;
      json.begin_object()
          .member("ppl", result.ppl)
          .member("uncertainty", result.uncertainty)
          .member("chunks", result.chunks)
          .member("tokens", result.tokens)
          .end_object();
      context.console.out(json.take_line());
    } else {
      context.console.out(fmt::format("perplexity {:.4f} ± {:.4f} ({} windows of {} tokens, {} scored)\n", result.ppl,
                                      result.uncertainty, result.chunks, options.ctx, result.tokens));
    }
    return 0;
  }

 private:
  std::string model_;
  std::string file_;
  std::optional<int64_t> ctx_;
  std::optional<int64_t> chunks_;
  bool json_ = false;
  EngineFlags engine_;
};

}  // namespace

std::unique_ptr<Command> make_perplexity() {
  return std::make_unique<PerplexityVerb>();
}

}  // namespace ingle::cli
