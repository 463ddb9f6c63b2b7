#include "api/openai/embeddings.h"

#include "api/json_input.h"
#include "api/limits.h"
#include "api/openai/input.h"

namespace ingle::api::openai {
namespace {

// clang-format off
constexpr Field kEmbeddingsRows[] = {
  required("model", "string"),
  required("input", "string|string[]|integer[]|any[]", "a text, a list of them, a list of tokens or a list of those; at most 2048"),
  honoured("dimensions", "integer", "the first so many of each vector, made of length 1 again"),
  honoured("encoding_format", "string", "float or base64"),
  honoured("truncate", "boolean", "not OpenAI's: true leaves out the end of what is too long, which else is refused"),
  harmless("user", "requests are told apart by their tokens"),
};
// clang-format on
}  // namespace

const FieldTable kEmbeddingsFields = kEmbeddingsRows;

Answer<EmbeddingsCall> parse_embeddings(std::string_view body) {
  auto json = parse_json_object(body);
  if (!json) return std::unexpected(std::move(json).error());
  EmbeddingsCall call;
  ReadNotes notes;
  {
    ObjectReader in(*json, "", notes, kEmbeddingsFields);
    call.model = in.text("model").value_or("");
    call.request.inputs = read_prompts(in, "input", kMaxEmbeddingInputs);
    call.request.dimensions = static_cast<uint32_t>(in.integer("dimensions", 1, 1 << 20).value_or(0));
    const std::string format = in.text("encoding_format").value_or("float");
    call.base64 = format == "base64";
    if (format != "float" && format != "base64") in.fault("encoding_format", "must be float or base64");
    // Not OpenAI's, which refuses as we do without it.
    if (in.boolean("truncate").value_or(false)) call.request.too_long = TooLong::kCut;
  }
  if (notes.fault) return std::unexpected(*std::move(notes.fault));
  call.ignored = std::move(notes.ignored);
  return call;
}

std::string encode_embeddings(std::span<const std::string> vectors, std::string_view model, uint64_t prompt_tokens) {
  std::string text = R"({"object":"list","data":[)";
  for (size_t i = 0; i < vectors.size(); ++i) {
    text.append(i > 0 ? "," : "").append(R"({"object":"embedding","index":)").append(std::to_string(i));
    text.append(R"(,"embedding":)").append(vectors[i]).append("}");
  }
  text.append(R"(],"model":)").append(to_text(model)).append(R"(,"usage":)");
  return text + to_text({{"prompt_tokens", prompt_tokens}, {"total_tokens", prompt_tokens}}) + "}";
}

VectorsJob embeddings_job(EmbeddingsCall call) {
  const auto one = [base64 = call.base64](std::span<const float> vector) {
    return base64 ? '"' + base64_of(vector) + '"' : json_of(vector);
  };
  const auto all = [model = call.model](std::span<const std::string> vectors, const VectorsOutcome& outcome) {
    return encode_embeddings(vectors, model, outcome.prompt_tokens);
  };
  return embedding_job(std::move(call.model), std::move(call.request), {one, all});
}

}  // namespace ingle::api::openai
