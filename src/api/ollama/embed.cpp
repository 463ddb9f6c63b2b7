#include "api/ollama/embed.h"

#include <fmt/format.h>

#include "api/inference.h"
#include "api/json_input.h"
#include "api/limits.h"
#include "api/ollama/options.h"
#include "api/ollama/routes.h"

namespace ingle::api::ollama {
namespace {

// clang-format off
constexpr Field kSharedRows[] = {
  required("model", "string"),
  honoured("keep_alive", "number|string", kKeepAliveNote),
  honoured("options", "object", "num_ctx counts", &kOptionFields),
};
constexpr Field kEmbedRows[] = {
  honoured("input", "string|string[]", "at most 2048; none: the model is loaded"),
  honoured("truncate", "boolean", "default true: the end of what is too long is left out; false refuses it, with both counts"),
  honoured("dimensions", "integer", "the first so many of each vector, made of length 1 again; 0: all"),
};
constexpr Field kEmbeddingsRows[] = {
  honoured("prompt", "string", "its end is left out where it is too long; empty: the model is loaded"),
};
constexpr auto kEmbedTable = joined(kSharedRows, kEmbedRows);
constexpr auto kEmbeddingsTable = joined(kSharedRows, kEmbeddingsRows);
// clang-format on

void read_shared(ObjectReader& in, ReadNotes& notes, EmbedCall& call) {
  call.model = in.text("model").value_or("");
  read_keep_alive(in, call.acquire.keep_alive);
  if (const Json* options = in.object("options")) {
    CompletionCall read;
    read_options(*options, "options", notes, read);
    call.acquire.context = read.acquire.context;
    call.acquire.clamp_context = read.acquire.clamp_context;
  }
}

void read_inputs(ObjectReader& in, EmbedCall& call) {
  const Json* value = in.any("input");
  if (value == nullptr) return;
  const auto add = [&](const Json& text) {
    if (text.is_string()) call.request.inputs.emplace_back(chat::Private(text.get<std::string>()));
    return text.is_string();
  };
  if (value->is_array()) {
    if (value->size() > kMaxEmbeddingInputs)
      return in.fault("input", "must be at most " + std::to_string(kMaxEmbeddingInputs) + " texts");
    for (const Json& text : *value) {
      if (!add(text))
        return in.fault(Failure{.status = 400, .param = "input", .error = Error::usage("invalid input type")});
    }
  } else if (*value != "" && !add(*value)) {
    in.fault(Failure{.status = 400, .param = "input", .error = Error::usage("invalid input type")});
  }
}

Answer<EmbedCall> finished(EmbedCall call, ReadNotes notes) {
  if (notes.fault) return std::unexpected(*std::move(notes.fault));
  call.ignored = std::move(notes.ignored);
  return call;
}

int64_t nanoseconds(double seconds) {
  return static_cast<int64_t>(seconds * 1e9);
}

using WriteAll = std::function<std::string(std::span<const std::string> vectors, const VectorsOutcome& outcome)>;

void run(const std::shared_ptr<Call>& call, Answer<EmbedCall> parsed, WriteAll all) {
  if (!parsed) return call->fail(parsed.error());
  call->name_ignored(parsed->ignored);
  VectorsJob job = embedding_job(std::move(parsed->model), std::move(parsed->request), {json_of, std::move(all)});
  job.acquire = parsed->acquire;
  run_vectors(call, std::move(job));
}

}  // namespace

constexpr FieldTable kEmbedFields = kEmbedTable;
constexpr FieldTable kEmbeddingsFields = kEmbeddingsTable;

Answer<EmbedCall> parse_embed(std::string_view body) {
  auto json = parse_json_object(body);
  if (!json) return std::unexpected(std::move(json).error());
  EmbedCall call;
  ReadNotes notes;
  {
    ObjectReader in(*json, "", notes, kEmbedFields);
    read_shared(in, notes, call);
    read_inputs(in, call);
    call.request.too_long = in.boolean("truncate").value_or(true) ? TooLong::kCut : TooLong::kRefuse;
    call.request.dimensions = static_cast<uint32_t>(in.integer("dimensions", 0, 1 << 20).value_or(0));
  }
  return finished(std::move(call), std::move(notes));
}

Answer<EmbedCall> parse_embeddings(std::string_view body) {
  auto json = parse_json_object(body);
  if (!json) return std::unexpected(std::move(json).error());
  EmbedCall call;
  call.request.field = "prompt";
  call.request.too_long = TooLong::kCut;
  ReadNotes notes;
  {
    ObjectReader in(*json, "", notes, kEmbeddingsFields);
    read_shared(in, notes, call);
    std::string prompt = in.text("prompt").value_or("");
    if (!prompt.empty()) call.request.inputs.emplace_back(chat::Private(std::move(prompt)));
  }
  return finished(std::move(call), std::move(notes));
}

std::string encode_embed(std::span<const std::string> vectors, std::string_view model, const VectorsOutcome& outcome) {
  std::string text = "{\"model\":" + to_text(model) + ",\"embeddings\":[";
  for (size_t i = 0; i < vectors.size(); ++i)
    text.append(i > 0 ? "," : "").append(vectors[i]);
  text += ']';
  if (!vectors.empty())
    text += fmt::format(R"(,"total_duration":{},"load_duration":{},"prompt_eval_count":{})",
                        nanoseconds(outcome.total_seconds), nanoseconds(outcome.load_seconds), outcome.prompt_tokens);
  return text + "}";
}

std::string encode_embeddings(std::span<const std::string> vectors) {
  return "{\"embedding\":" + (vectors.empty() ? "[]" : vectors.front()) + "}";
}

void embed_inputs(const std::shared_ptr<Call>& call) {
  auto parsed = parse_embed(call->request().body);
  const std::string model = parsed ? parsed->model : "";
  run(call, std::move(parsed), [model](std::span<const std::string> vectors, const VectorsOutcome& outcome) {
    return encode_embed(vectors, model, outcome);
  });
}

void embed_prompt(const std::shared_ptr<Call>& call) {
  run(call, parse_embeddings(call->request().body),
      [](std::span<const std::string> vectors, const VectorsOutcome& /*outcome*/) {
        return encode_embeddings(vectors);
      });
}

}  // namespace ingle::api::ollama
