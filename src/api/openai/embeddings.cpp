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

std::string encode_embeddings(const Embeddings& answer, std::string_view model, bool base64) {
  Json data = Json::array();
  for (size_t i = 0; i < answer.vectors.size(); ++i) {
    const std::vector<float>& vector = answer.vectors[i];
    data.push_back(
        {{"object", "embedding"}, {"index", i}, {"embedding", base64 ? Json(base64_of(vector)) : Json(vector)}});
  }
  return to_text({{"object", "list"},
                  {"data", std::move(data)},
                  {"model", model},
                  {"usage", {{"prompt_tokens", answer.prompt_tokens}, {"total_tokens", answer.prompt_tokens}}}});
}

}  // namespace ingle::api::openai
