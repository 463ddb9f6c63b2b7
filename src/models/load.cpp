#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <future>
#include <map>

#include "models/architecture.h"
#include "models/model.h"
#include "models/quantization_name.h"
#include "models/vocab.h"

namespace ingle::models {
namespace {

Result<const Architecture*> architecture_of(const gguf::File& file) {
  INGLE_TRY(const std::string_view name, file.get_string("general.architecture"));
  if (const Architecture* known = find_architecture(name)) return known;
  return std::unexpected(Error::unsupported(fmt::format("'general.architecture' at offset {} is '{}'",
                                                        file.find("general.architecture")->offset(), name))
                             .hint("this version runs: " + known_architectures()));
}

/// The format that holds most of the matrices' numbers, and the number of all parameters.
struct Census {
  std::string main_format;
  uint64_t parameters = 0;
};
Census count(const gguf::File& file) {
  std::map<std::string_view, uint64_t> bytes;
  Census census;
  for (const gguf::Tensor& tensor : file.tensors()) {
    census.parameters += tensor.n_elements();
    if (tensor.shape.size() > 1) bytes[tensor.format->name] += tensor.n_elements();
  }
  const auto most = std::ranges::max_element(bytes, {}, [](const auto& entry) { return entry.second; });
  if (most != bytes.end()) census.main_format = most->first;
  return census;
}

/// "A.vocab_size" may be absent; one that says another number than the tokenizer has was not written for it.
Status same_vocab_size(const gguf::File& file, uint64_t n_tokens) {
  INGLE_TRY(const std::string_view architecture, file.get_string("general.architecture"));
  const std::string key = fmt::format("{}.vocab_size", architecture);
  const gguf::Value* value = file.find(key);
  if (value == nullptr) return {};
  INGLE_TRY(const uint64_t size, file.get_uint(key));
  if (size == n_tokens) return {};
  return std::unexpected(Error::corrupt(fmt::format("'{}' at offset {} is {}, the vocabulary has {} tokens", key,
                                                    value->offset(), size, n_tokens))
                             .hint("the file is damaged; get it from another source"));
}

/// YaRN stretches the original context; some files state the length before the stretch, some the one after.
uint64_t usable_context(const Hyper& hyper) {
  if (hyper.scaling != RopeScaling::kYarn) return hyper.context_length;
  const double stretched = static_cast<double>(hyper.original_context) * std::max(1.0, hyper.scaling_factor);
  return std::max(hyper.context_length, static_cast<uint64_t>(std::min(stretched, 1e9)));
}

std::string_view pooling_name(backend::Pooling pooling) {
  switch (pooling) {
    case backend::Pooling::kMean:
      return "mean";
    case backend::Pooling::kFirst:
      return "cls";
    case backend::Pooling::kLast:
      return "last";
    case backend::Pooling::kClasses:
      return "rank";
  }
  return "";
}

Result<backend::Program> build(const gguf::File& file, uint64_t n_vocab) {
  INGLE_TRY(const Architecture* const architecture, architecture_of(file));
  INGLE_TRY(const Hyper hyper, read_hyper(file));
  Tensors tensors(file);
  backend::Program program;
  program.architecture = hyper.architecture;
  program.n_vocab = static_cast<uint32_t>(n_vocab);
  program.n_embd = static_cast<uint32_t>(hyper.n_embd);
  program.context_length = static_cast<uint32_t>(usable_context(hyper));
  program.embedding = tensors.matrix("token_embd.weight", hyper.n_embd, n_vocab);
  if (!architecture->is_encoder) {
    program.output_norm = norm(hyper, tensors.vector("output_norm.weight", hyper.n_embd));
    program.head = tensors.optional_matrix("output.weight", hyper.n_embd, n_vocab);
  }
  architecture->describe(hyper, tensors, program);
  INGLE_TRY_VOID(tensors.finish());
  return program;
}

}  // namespace

namespace {

Result<std::unique_ptr<text::Tokenizer>> load_tokenizer(const gguf::File& file) {
  INGLE_TRY(text::Vocab vocab, read_vocab(file));
  auto tokenizer = text::Tokenizer::create(std::move(vocab));
  if (!tokenizer) {
    const uint64_t offset = file.find("tokenizer.ggml.tokens")->offset();
    return std::unexpected(std::move(tokenizer).error().within(fmt::format("the vocabulary at offset {}", offset)));
  }
  return tokenizer;
}

Status load_program(Model& model, const Meanwhile& meanwhile) {
  const gguf::Value* tokens = model.file->find("tokenizer.ggml.tokens");
  INGLE_TRY(model.program, build(*model.file, tokens == nullptr ? 0 : tokens->size()));
  INGLE_TRY(const uint64_t pooling, model.file->uint_or(model.program.architecture + ".pooling_type", 0));
  model.names_pooling = pooling != 0;
  INGLE_TRY(model.chat_template, read_chat_template(*model.file));
  return meanwhile ? meanwhile(model) : Status();
}

Result<Model> load_parts(std::unique_ptr<gguf::File> file, const Meanwhile& meanwhile) {
  Model model;
  const Census census = count(*file);
  model.quantization = quantization_name(*file, census.main_format);
  model.parameters = census.parameters;
  INGLE_TRY(const std::string_view title, file->string_or("general.name", ""));
  model.title = title;
  INGLE_TRY_VOID(architecture_of(*file));  // before the tokenizer: the likelier reason why a good file does not run
  model.file = std::move(file);
  // Deferred where the system has no thread left.
  auto tokenizer = std::async(std::launch::async | std::launch::deferred, load_tokenizer, std::cref(*model.file));
  Status program = load_program(model, meanwhile);
  INGLE_TRY(model.tokenizer, tokenizer.get());
  INGLE_TRY_VOID(same_vocab_size(*model.file, model.tokenizer->size()));
  INGLE_TRY_VOID(program);
  return model;
}

}  // namespace

Result<Model> load(std::unique_ptr<gguf::File> file, const Meanwhile& meanwhile) {
  auto model = load_parts(std::move(file), meanwhile);
  // A key that a model file must have and has not is a fault of the file, not of whoever asked for the model.
  if (!model && model.error().code() == ErrorCode::kNotFound) {
    return std::unexpected(
        Error::corrupt(model.error().message()).hint("the file is not a complete model; get it from another source"));
  }
  return model;
}

Result<Summary> summarize(const gguf::File& file) {
  INGLE_TRY(const Architecture* const architecture, architecture_of(file));
  INGLE_TRY(const Hyper hyper, read_hyper(file));
  const Census census = count(file);
  Summary summary;
  summary.architecture = hyper.architecture;
  INGLE_TRY(const std::string_view title, file.string_or("general.name", ""));
  summary.title = title;
  INGLE_TRY(const std::string_view license, file.string_or("general.license", ""));
  summary.license = license;
  summary.quantization = quantization_name(file, census.main_format);
  summary.main_format = census.main_format;
  summary.parameters = census.parameters;
  summary.context_length = static_cast<uint32_t>(usable_context(hyper));
  summary.n_embd = static_cast<uint32_t>(hyper.n_embd);
  summary.n_layers = static_cast<uint32_t>(hyper.n_layers);
  const gguf::Value* tokens = file.find("tokenizer.ggml.tokens");
  summary.n_vocab = tokens == nullptr ? 0 : static_cast<uint32_t>(tokens->size());
  if (architecture->is_encoder) summary.pooling = pooling_name(pooling_of(hyper));
  const gguf::Value* chat_template = file.find("tokenizer.chat_template");
  summary.has_template = chat_template != nullptr && !chat_template->as_string().value_or("").empty();
  return summary;
}

}  // namespace ingle::models
