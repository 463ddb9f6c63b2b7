// Answers and errors in LM Studio's form: chats of v1, the lists of models of v0 and v1, and what v0 puts beside OpenAI's
// answers. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "api/downloads.h"
#include "api/failure.h"
#include "api/inference.h"
#include "api/services.h"
#include "api/vectors.h"

namespace ingle::api::lmstudio {

struct ChatFrame {
  std::string model;
  std::string response_id;  // empty: the answer is not stored
  bool loads = false;       // the model was not loaded before
  /// Takes the answer's text, and what was thought before it, when it is whole. Empty: nobody wants it.
  std::function<void(std::string text, std::string thinking)> keep = {};
};
std::unique_ptr<AnswerEncoder> make_chat_encoder(ChatFrame frame);

/// OpenAI's answers with `stats`, `model_info` and `runtime`.
struct ModelFacts {
  std::string architecture = {};
  std::string quantization = {};
  uint32_t context = 0;
  std::string version = {};  // of this server
};
std::unique_ptr<AnswerEncoder> add_stats(std::unique_ptr<AnswerEncoder> inner, ModelFacts facts);
/// The same beside embeddings: an answer of OpenAI's form.
std::unique_ptr<VectorsEncoder> add_facts(std::unique_ptr<VectorsEncoder> inner, ModelFacts facts);

std::string encode_models_v0(std::span<const ModelInfo> models, std::span<const runtime::LoadedModel> loaded);
std::string encode_model_v0(const ModelInfo& model, bool is_loaded);
std::string encode_models_v1(std::span<const ModelInfo> models, std::span<const runtime::LoadedModel> loaded);

struct Loaded {
  std::string model;
  double seconds = 0;
  uint32_t context = 0;
  bool generates = true;  // false: an encoder
  bool echo = false;
};
std::string encode_loaded(const Loaded& loaded);
std::string encode_unloaded(std::string_view model);
/// `now_unix`: when it is told, which says when the rest will be here.
std::string encode_download(const Download& download, int64_t now_unix);
std::string encode_downloaded(const ModelInfo& model);
std::string encode_error(const Failure& failure);

}  // namespace ingle::api::lmstudio
