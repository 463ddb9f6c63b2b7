#include "roles/model_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "gguf/file.h"
#include "roles/message.h"

namespace ingle::roles {
namespace {

constexpr size_t kMaxFactBytes = 4096;
constexpr size_t kMaxFacts = 10'000;

ModelFact fact_of(const gguf::Entry& entry) {
  const gguf::Value& value = entry.value;
  ModelFact fact{.key = entry.key, .kind = ModelFact::Kind::kReal, .value = {}};
  if (value.is_array()) {
    fact.kind = ModelFact::Kind::kArray;
    fact.value = std::to_string(value.size());
  } else if (const auto text = value.as_string()) {
    fact.kind = ModelFact::Kind::kText;
    fact.value = text->substr(0, kMaxFactBytes);
  } else if (value.type() == gguf::ValueType::kBool) {
    fact.kind = ModelFact::Kind::kBool;
    fact.value = value.as_bool().value_or(false) ? "true" : "false";
  } else if (const auto number = value.as_int()) {
    fact.kind = ModelFact::Kind::kInteger;
    fact.value = std::to_string(*number);
  } else if (const auto natural = value.as_uint()) {
    fact.kind = ModelFact::Kind::kInteger;
    fact.value = std::to_string(*natural);
  } else {
    fact.value = fmt::format("{}", value.as_float().value_or(0));
  }
  return fact;
}

/// By the names that the engine's tokenizer knows most of them by.
bool has_infill_tokens(const gguf::File& file) {
  constexpr std::string_view kPrefixes[] = {"<|fim_prefix|>", "<fim-prefix>", "<fim_prefix>", "<PRE>", "▁<PRE>"};
  for (const char* key : {"tokenizer.ggml.fim_pre_token_id", "tokenizer.ggml.prefix_token_id"}) {
    if (file.find(key) != nullptr) return true;
  }
  const gguf::Value* tokens = file.find("tokenizer.ggml.tokens");
  for (size_t i = 0; tokens != nullptr && tokens->is_array() && i < tokens->size(); ++i) {
    if (std::ranges::find(kPrefixes, tokens->as_string(i).value_or("")) != std::end(kPrefixes)) return true;
  }
  return false;
}

std::string encode(const ModelFacts& facts) {
  const models::Summary& summary = facts.summary;
  MessageWriter writer;
  writer.text(summary.architecture)
      .text(summary.title)
      .text(summary.quantization)
      .text(summary.main_format)
      .number(summary.parameters)
      .number(summary.context_length)
      .number(summary.n_embd)
      .number(summary.n_layers)
      .number(summary.n_vocab)
      .number(summary.has_template)
      .text(summary.pooling)
      .text(summary.license)
      .text(facts.chat_template)
      .number(facts.infills)
      .number(static_cast<uint32_t>(facts.metadata.size()));
  for (const ModelFact& fact : facts.metadata)
    writer.text(fact.key).number(static_cast<uint8_t>(fact.kind)).text(fact.value);
  return writer.take();
}

}  // namespace

Result<std::string> model_facts_job(std::string_view payload, std::span<const base::FileDescriptor> files) {
  INGLE_TRY(const auto file, gguf::File::open(files, payload));
  ModelFacts facts;
  INGLE_TRY(facts.summary, models::summarize(*file));
  INGLE_TRY(const std::string_view chat_template, file->string_or("tokenizer.chat_template", ""));
  facts.chat_template = chat_template;
  facts.infills = has_infill_tokens(*file);
  for (const gguf::Entry& entry : file->metadata()) {
    if (facts.metadata.size() == kMaxFacts) break;
    facts.metadata.push_back(fact_of(entry));
  }
  return encode(facts);
}

Result<ModelFacts> decode_model_facts(std::string_view bytes) {
  MessageReader reader(bytes);
  ModelFacts facts;
  models::Summary& summary = facts.summary;
  summary.architecture = reader.text();
  summary.title = reader.text();
  summary.quantization = reader.text();
  summary.main_format = reader.text();
  summary.parameters = reader.number<uint64_t>();
  summary.context_length = reader.number<uint32_t>();
  summary.n_embd = reader.number<uint32_t>();
  summary.n_layers = reader.number<uint32_t>();
  summary.n_vocab = reader.number<uint32_t>();
  summary.has_template = reader.number<bool>();
  summary.pooling = reader.text();
  summary.license = reader.text();
  facts.chat_template = reader.text();
  facts.infills = reader.number<bool>();
  const auto n_facts = reader.number<uint32_t>();
  bool known_kinds = true;
  for (uint32_t i = 0; i < n_facts && !reader.broken(); ++i) {
    ModelFact& fact = facts.metadata.emplace_back();
    fact.key = reader.text();
    const auto kind = reader.number<uint8_t>();
    known_kinds = known_kinds && kind <= static_cast<uint8_t>(ModelFact::Kind::kArray);
    fact.kind = known_kinds ? static_cast<ModelFact::Kind>(kind) : ModelFact::Kind::kText;
    fact.value = reader.text();
  }
  if (!reader.done() || !known_kinds)
    return std::unexpected(Error::corrupt("the process that read a model file gave an answer that is none"));
  return facts;
}

}  // namespace ingle::roles
