#include "api/llama/vectors.h"

#include <algorithm>
#include <cmath>

#include "api/json_input.h"
#include "api/limits.h"
#include "api/llama/routes.h"
#include "api/llama/target.h"

namespace ingle::api::llama {
namespace {

// clang-format off
constexpr Field kModelRows[] = {honoured("model", "string", "missing: the loaded model, or the only one that is installed")};
constexpr Field kEmbeddingRows[] = {
  honoured("content", "string|any[]", "a text, a list of tokens, or a list of both; one of content and input is required"),
  honoured("input", "string|any[]", "another name of content"),
  honoured("embd_normalize", "integer", "2: Euclidean, the default; 0: largest 32760; P: p-norm"),
  harmless("encoding_format", "numbers are numbers here; /v1/embeddings has base64"),
};
constexpr Field kDocumentRows[] = {required("text", "string")};
constexpr FieldTable kDocumentFields = kDocumentRows;
constexpr Field kRerankRows[] = {
  required("query", "string"),
  honoured("documents", "string[]|object[]", "one of documents and texts is required; a model that was made to write is 400", &kDocumentFields),
  honoured("texts", "string[]", "as documents, and the answer is a bare list"),
  honoured("top_n", "integer", "default: all"),
  honoured("return_documents", "boolean", "default false"),
  honoured("return_text", "boolean", "of texts: default false"),
  harmless("raw_scores", "scores are the model's own"),
  rejected("truncate", 400, "a document that is too long is an error with both counts"),
};
constexpr auto kEmbeddingTable = joined(kModelRows, kEmbeddingRows);
constexpr auto kRerankTable = joined(kModelRows, kRerankRows);
// clang-format on

bool is_token(const Json& value) {
  return value.is_number_integer() && value.get<int64_t>() >= 0 && value.get<int64_t>() <= INT32_MAX;
}

std::optional<EmbeddingInput> input_of(const Json& value) {
  if (value.is_string()) return chat::Private(value.get<std::string>());
  if (value.is_array() && !value.empty() && std::ranges::all_of(value, is_token))
    return value.get<std::vector<int32_t>>();
  return std::nullopt;
}

std::vector<EmbeddingInput> read_inputs(ObjectReader& in, std::string_view field, const Json* value) {
  constexpr std::string_view kShape = "must be a text, a list of tokens, or a list of both";
  std::vector<EmbeddingInput> inputs;
  if (value == nullptr) {
    in.fault(field, kShape);
  } else if (auto one = input_of(*value)) {
    inputs.push_back(*std::move(one));
  } else if (!value->is_array() || value->empty()) {
    in.fault(field, kShape);
  } else {
    for (const Json& item : *value) {
      auto input = input_of(item);
      if (!input) {
        in.fault(field, kShape);
        return {};
      }
      inputs.push_back(*std::move(input));
    }
  }
  return inputs;
}

std::vector<chat::Private> read_documents(ObjectReader& in, ReadNotes& notes, std::string_view field,
                                          const Json* list) {
  std::vector<chat::Private> documents;
  if (list == nullptr || list->empty()) in.fault(field, "must be a list of texts, one at least");
  for (size_t i = 0; list != nullptr && i < list->size() && !notes.fault; ++i) {
    const Json& item = (*list)[i];
    const std::string place = in.path_of(field) + "[" + std::to_string(i) + "]";
    if (item.is_string()) {
      documents.emplace_back(item.get<std::string>());
    } else if (field == "documents" && item.is_object()) {
      ObjectReader reader(item, place, notes, kDocumentFields);
      const auto text = reader.text("text");
      if (!text) reader.missing("text");
      documents.emplace_back(text.value_or(""));
    } else {
      in.fault(Failure::bad_field(place, "must be a text"));
    }
  }
  return documents;
}

/// Of a vector of length 1.
double scale_of(std::span<const float> vector, int32_t norm) {
  double sum = 0;
  for (const float x : vector)
    sum = norm == 0 ? std::max(sum, std::abs(double{x})) : sum + std::pow(std::abs(double{x}), norm);
  if (sum == 0) return 0;
  return norm == 0 ? 32760 / sum : 1 / std::pow(sum, 1.0 / norm);
}

}  // namespace

constexpr FieldTable kEmbeddingFields = kEmbeddingTable;
constexpr FieldTable kRerankFields = kRerankTable;

Answer<EmbeddingCall> parse_embedding(std::string_view body) {
  const auto json = parse_json_object(body);
  if (!json) return std::unexpected(json.error());
  EmbeddingCall call;
  ReadNotes notes;
  {
    ObjectReader in(*json, "", notes, kEmbeddingFields);
    call.model = in.text("model").value_or("");
    const Json* content = in.any("content");
    const Json* input = in.any("input");
    call.request.field = content != nullptr || input == nullptr ? "content" : "input";
    call.request.inputs = read_inputs(in, call.request.field, content != nullptr ? content : input);
    if (call.request.inputs.size() > kMaxEmbeddingInputs)
      in.fault(call.request.field, "must be at most " + std::to_string(kMaxEmbeddingInputs) + " inputs");
    call.norm = static_cast<int32_t>(in.integer("embd_normalize", -1, 64).value_or(2));
    if (call.norm < 0)
      in.fault(Failure::not_implemented("embd_normalize", "vectors are always made of one length here"));
  }
  if (notes.fault) return std::unexpected(*std::move(notes.fault));
  call.ignored = std::move(notes.ignored);
  return call;
}

std::string encode_vector(std::span<const float> vector, int32_t norm) {
  if (norm == 2) return json_of(vector);
  Json list = Json::array();
  const double scale = scale_of(vector, norm);
  for (const float x : vector)
    list.push_back(double{x} * scale);
  return to_text(list);
}

std::string encode_embedding(std::span<const std::string> vectors) {
  std::string text = "[";
  for (size_t i = 0; i < vectors.size(); ++i) {
    // A list of one: models without pooling have a vector a token there.
    text.append(i > 0 ? "," : "").append(R"({"index":)").append(std::to_string(i));
    text.append(R"(,"embedding":[)").append(vectors[i]).append("]}");
  }
  return text + "]";
}

Answer<RerankCall> parse_rerank(std::string_view body) {
  const auto json = parse_json_object(body);
  if (!json) return std::unexpected(json.error());
  RerankCall call;
  ReadNotes notes;
  {
    ObjectReader in(*json, "", notes, kRerankFields);
    call.model = in.text("model").value_or("");
    const auto query = in.text("query");
    if (!query) in.missing("query");
    call.request.query = chat::Private(query.value_or(""));
    const Json* documents = in.array("documents");
    const Json* texts = in.array("texts");
    call.bare_list = documents == nullptr && texts != nullptr;
    call.request.field = call.bare_list ? "texts" : "documents";
    call.request.documents = read_documents(in, notes, call.request.field, call.bare_list ? texts : documents);
    if (const auto top = in.integer("top_n", 1, INT32_MAX)) call.top = static_cast<size_t>(*top);
    const bool return_documents = in.boolean("return_documents").value_or(false);
    const bool return_text = in.boolean("return_text").value_or(false);
    call.with_texts = call.bare_list ? return_text : return_documents;
  }
  if (notes.fault) return std::unexpected(*std::move(notes.fault));
  call.ignored = std::move(notes.ignored);
  return call;
}

std::string encode_rerank(const RerankCall& call, const Reranked& answer) {
  Json results = Json::array();
  for (const size_t i : best_first(answer.scores)) {
    if (results.size() >= call.top) break;
    Json item = {{"index", i}, {call.bare_list ? "score" : "relevance_score", answer.scores[i]}};
    const std::string& text = call.request.documents[i].reveal();
    if (call.with_texts && call.bare_list) item["text"] = text;
    if (call.with_texts && !call.bare_list) item["document"] = {{"text", text}};
    results.push_back(std::move(item));
  }
  if (call.bare_list) return to_text(results);
  return to_text({{"model", call.model},
                  {"object", "list"},
                  {"method", answer.method},
                  {"usage", {{"prompt_tokens", answer.prompt_tokens}, {"total_tokens", answer.prompt_tokens}}},
                  {"results", std::move(results)}});
}

void embedding(const std::shared_ptr<Call>& call) {
  auto parsed = parse_embedding(call->request().body);
  if (!parsed) return call->fail(parsed.error());
  call->name_ignored(parsed->ignored);
  auto model = model_of(*call, parsed->model);
  if (!model) return call->fail(model.error());
  const auto one = [norm = parsed->norm](std::span<const float> vector) { return encode_vector(vector, norm); };
  const auto all = [](std::span<const std::string> vectors, const VectorsOutcome& /*outcome*/) {
    return encode_embedding(vectors);
  };
  run_vectors(call, embedding_job(*std::move(model), std::move(parsed->request), {one, all}));
}

void rerank_documents(const std::shared_ptr<Call>& call) {
  auto parsed = parse_rerank(call->request().body);
  if (!parsed) return call->fail(parsed.error());
  call->name_ignored(parsed->ignored);
  auto model = model_of(*call, parsed->model);
  if (!model) return call->fail(model.error());
  parsed->model = *model;
  const auto asked = std::make_shared<const RerankCall>(*std::move(parsed));
  run_vectors(call, rerank_job(*std::move(model), {asked, &asked->request},
                               [asked](const Reranked& ranking) { return encode_rerank(*asked, ranking); }));
}

}  // namespace ingle::api::llama
