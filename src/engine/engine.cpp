#include "engine/engine.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/memory.h"
#include "chat/errors.h"
#include "engine/batch_engine.h"
#include "engine/encoder_engine.h"
#include "engine/memory_plan.h"
#include "engine/vocabulary.h"
#include "gguf/file.h"
#include "kernels/kernels.h"
#include "models/model.h"

namespace ingle::engine {
namespace {

constexpr std::string_view kDevice = "cpu";
constexpr uint32_t kMaxSequences = 256;
constexpr uint32_t kMaxChunk = 4096;

Status check_options(const Options& options) {
  if (options.max_sequences < 1 || options.max_sequences > kMaxSequences) {
    return std::unexpected(
        Error::usage(fmt::format("{} sequences at once; it must be 1 to {}", options.max_sequences, kMaxSequences)));
  }
  if (options.prefill_chunk < 1 || options.prefill_chunk > kMaxChunk) {
    return std::unexpected(
        Error::usage(fmt::format("prompt chunks of {} tokens; it must be 1 to {}", options.prefill_chunk, kMaxChunk)));
  }
  return {};
}

Result<uint32_t> context_of(const Options& options, const backend::Program& program) {
  const uint32_t most = program.context_length;
  const uint32_t asked = std::max(options.clamp_context ? 0 : options.context, options.least_context);
  if (asked > most) return std::unexpected(chat::context_too_large({.asked_tokens = asked, .model_tokens = most}));
  return std::min(most, std::max(options.context == 0 ? kDefaultContext : options.context, asked));
}

Result<std::shared_ptr<const text::ChatTemplate>> compile_template(const std::string& source) {
  if (source.empty()) return nullptr;
  auto compiled = text::ChatTemplate::compile(source);
  if (!compiled) return std::unexpected(std::move(compiled).error().within("tokenizer.chat_template"));
  return *std::move(compiled);
}

/// Models that generate answer with the last token's state, the only one that has seen the whole text.
chat::Pooling pooling_of(const backend::Program& program) {
  if (!program.encoder) return chat::Pooling::kLast;
  switch (program.encoder->pooling) {
    case backend::Pooling::kMean:
      return chat::Pooling::kMean;
    case backend::Pooling::kFirst:
      return chat::Pooling::kCls;
    case backend::Pooling::kLast:
      return chat::Pooling::kLast;
    case backend::Pooling::kClasses:
      return chat::Pooling::kRank;
  }
  return chat::Pooling::kNone;
}

/// Without what the executor adds.
chat::Description describe(const models::Model& model, std::string_view name, uint32_t context) {
  const auto& special = model.tokenizer->special();
  return {.name = std::string(name),
          .architecture = model.program.architecture,
          .quantization = model.quantization,
          .parameters = model.parameters,
          .file_bytes = model.file->total_bytes(),
          .context_length = model.program.context_length,
          .context_limit = context,
          .vocab_size = model.program.n_vocab,
          .embedding_size = model.program.n_embd,
          .has_template = !model.chat_template.empty(),
          .adds_bos = special.add_bos,
          .bos = special.bos,
          .isa = {},
          .threads = 0,
          .thinks = text::thinking::format_of(model.chat_template) != nullptr,
          .generates = !model.program.encoder,
          .pooling = pooling_of(model.program),
          .names_pooling = model.names_pooling,
          .max_embed_tokens = context,
          .infill = {.prefix = special.fim_pre,
                     .suffix = special.fim_suf,
                     .middle = special.fim_mid,
                     .repository = special.fim_rep,
                     .file = special.fim_sep}};
}

/// How the executor is made, but for what the memory decides.
backend::Options executor_options(const backend::Program& program, const Options& options, backend::KvType kv,
                                  uint32_t context) {
  backend::Options to;
  to.isa = options.isa;
  to.threads = options.threads;
  to.precision = options.reference ? backend::Precision::kReference : backend::Precision::kDefault;
  to.kv = options.reference && kv == backend::KvType::kDefault ? backend::KvType::kF32 : kv;
  if (program.encoder) to.kv = backend::KvType::kF32;  // nothing is kept, so nothing is saved by less
  to.context = context;
  to.max_rows = std::max(options.prefill_chunk, program.encoder ? context : options.max_sequences);
  return to;
}

Result<PlannedMemory> plan(const backend::Program& program, const Options& options, const backend::Options& to) {
  MemoryNeeds needs;
  INGLE_TRY(needs.model, backend::footprint(kDevice, program, to));
  needs.small_page = backend::page_bytes(program, backend::KvType::kI8);
  needs.vocabulary = vocabulary_bytes(program.n_vocab, options.max_sequences);
  needs.context = to.context;
  needs.encoder = program.encoder.has_value();
  needs.max_rows = to.max_rows;
  return plan_memory(needs, options);
}

Result<std::unique_ptr<backend::Executor>> load_executor(const models::Model& model, const Options& options,
                                                         backend::KvType kv, PlannedMemory& memory) {
  const gguf::File& file = *model.file;
  backend::Options to = executor_options(model.program, options, kv, memory.context);
  INGLE_TRY(memory, plan(model.program, options, to));
  to.context = memory.context;
  to.n_pages = memory.n_pages;
  to.progress = [&](uint64_t done, uint64_t total) {
    if (options.on_load_progress)
      options.on_load_progress(static_cast<double>(done) / static_cast<double>(std::max<uint64_t>(total, 1)));
  };
  to.read = [&](std::span<const std::byte> part, std::byte* copy) { return file.read(part, copy); };
  to.expect = [&](std::span<const std::byte> part) { file.expect(part); };
  return backend::load(kDevice, model.program, to);
}

/// Without them an engine works; what is wrong with the file is nobody's business then.
std::unique_ptr<PageFile> open_pages(const PagesOnDisk& pages, const backend::Executor& executor) {
  const std::string layout = executor.page_layout();
  if (!pages.file || layout.empty()) return nullptr;
  auto file =
      PageFile::open(std::move(*pages.file), pages.identity + "\n" + layout, executor.page_bytes(), pages.max_bytes);
  return file ? *std::move(file) : nullptr;
}

}  // namespace

Result<std::unique_ptr<chat::Completer>> load(std::span<const base::FileDescriptor> parts, std::string_view name,
                                              const Options& options) {
  INGLE_TRY_VOID(check_options(options));
  INGLE_TRY(const backend::KvType kv, backend::kv_type_of(options.kv_type));
  INGLE_TRY(auto file, gguf::File::open(parts, name));
  PlannedMemory memory;
  EngineParts engine;
  INGLE_TRY(models::Model model, models::load(std::move(file), [&](const models::Model& without_text) -> Status {
              INGLE_TRY(memory.context, context_of(options, without_text.program));
              INGLE_TRY(engine.chat_template, compile_template(without_text.chat_template));
              if (options.vocabulary_only) return {};
              INGLE_TRY(engine.executor, load_executor(without_text, options, kv, memory));
              return {};
            }));
  engine.description = describe(model, name, memory.context);
  engine.description.memory = memory.plan;
  model.file.reset();
  base::return_freed_memory();
  engine.tokenizer = std::move(model.tokenizer);
  if (options.vocabulary_only)
    return make_vocabulary(std::move(engine.description), std::move(engine.tokenizer), std::move(engine.chat_template));
  engine.description.isa = engine.executor->isa();
  engine.description.threads = engine.executor->threads();
  engine.cores = options.cores;
  engine.on_pause = options.on_pause;
  engine.max_sequences = options.max_sequences;
  engine.max_queue = options.max_queue;
  engine.prefill_chunk = options.prefill_chunk;
  engine.token_gap = std::chrono::milliseconds(options.token_gap_ms);
  engine.speculate = options.speculate;
  if (!engine.description.generates) return std::make_unique<EncoderEngine>(std::move(engine));
  engine.pages_on_disk = open_pages(options.pages_on_disk, *engine.executor);
  return std::make_unique<BatchEngine>(std::move(engine));
}

Result<MemoryForecast> forecast(std::span<const base::FileDescriptor> parts, std::string_view name,
                                const Options& options) {
  INGLE_TRY(const backend::KvType kv, backend::kv_type_of(options.kv_type));
  INGLE_TRY(auto file, gguf::File::open(parts, name));
  Options unlimited = options;
  unlimited.max_memory_bytes = 0;
  unlimited.memory_ceiling = 0;
  MemoryForecast told;
  INGLE_TRY_VOID(models::load(std::move(file), [&](const models::Model& model) -> Status {
    INGLE_TRY(told.context, context_of(options, model.program));
    const backend::Options to = executor_options(model.program, options, kv, told.context);
    INGLE_TRY(const PlannedMemory wanted, plan(model.program, unlimited, to));
    told.plan = wanted.plan;
    if (!model.program.encoder) {
      INGLE_TRY(const backend::Footprint footprint, backend::footprint(kDevice, model.program, to));
      told.kv_token_bytes = footprint.page / kernels::kPageTokens;
      told.sequences = static_cast<uint32_t>(uint64_t{wanted.n_pages} * kernels::kPageTokens / told.context);
    }
    const auto now = plan(model.program, options, to);
    told.context_now = now ? now->context : 0;
    if (!now) told.refusal = now.error();
    return {};
  }));
  return told;
}

}  // namespace ingle::engine
