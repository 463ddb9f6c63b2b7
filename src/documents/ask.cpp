#include "documents/ask.h"

#include <fmt/format.h>
#include <atomic>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

namespace ingle::documents {
namespace {

using Json = nlohmann::ordered_json;

constexpr int32_t kMaxAnswerTokens = 2048;
constexpr float kUnknown = 0.5F;  // where a completer gives no log-probabilities

std::string new_request_id() {
  static std::atomic<uint64_t> counter{0};
  return fmt::format("document-{}", ++counter);
}

/// The text of the answer with the log-probability of each byte's token.
struct Heard {
  std::string text;
  std::vector<std::pair<size_t, float>> ends;  // where each token ends, and what it was thought of
  size_t n_bytes_of_tokens = 0;

  void add(const chat::Delta& delta) {
    text += delta.text;
    for (const chat::TokenInfo& token : delta.tokens) {
      n_bytes_of_tokens += token.chosen.text.size();
      ends.emplace_back(n_bytes_of_tokens, token.chosen.logprob);
    }
  }

  /// Product over the tokens that lie, at least in part, in [from, to).
  float probability(size_t from, size_t to) const {
    if (ends.empty()) return kUnknown;
    float sum = 0;
    size_t begin = 0;
    for (const auto& [end, logprob] : ends) {
      if (begin < to && end > from) sum += logprob;
      begin = end;
    }
    return std::exp(sum);
  }
};

/// Remembers where the strings of the answer lie while it is read.
class StringFinder {
 public:
  StringFinder(const Heard& heard, Answer& answer) : heard_(heard), answer_(answer) {}

  void visit(const Json& node, const std::string& path) {
    if (node.is_object()) {
      for (const auto& [name, member] : node.items()) {
        skip(Json(name).dump());
        visit(member, path.empty() ? name : path + "/" + name);
      }
    } else if (node.is_array()) {
      size_t i = 0;
      for (const Json& element : node)
        visit(element, fmt::format("{}/{}", path, i++));
    } else if (node.is_string()) {
      const std::string written = node.dump();
      const size_t from = skip(written);
      answer_.strings[path] = {node.get<std::string>(), heard_.probability(from, from + written.size())};
    } else {
      skip(node.dump());
    }
  }

 private:
  /// Members come in the order in which they were written, so each is found behind the one before.
  size_t skip(const std::string& written) {
    const size_t found = heard_.text.find(written, at_);
    if (found == std::string::npos) return at_;
    at_ = found + written.size();
    return found;
  }

  const Heard& heard_;
  Answer& answer_;
  size_t at_ = 0;
};

}  // namespace

Result<Answer> ask(chat::Completer& model, const std::string& prompt, std::string schema, std::stop_token stop,
                   std::string_view copy_text) {
  chat::CompleteRequest request;
  request.id = new_request_id();
  chat::ChatPrompt chat;
  chat.messages.push_back(
      {.role = "user", .content = chat::Private(prompt), .tool_calls = {}, .tool_call_id = {}, .name = {}});
  request.prompt = std::move(chat);
  request.sampling.temperature = 0;
  request.max_tokens = kMaxAnswerTokens;
  request.logprobs = 0;
  request.json_schema = std::move(schema);
  if (!copy_text.empty()) request.copy_sources.push_back({"document", chat::Private(std::string(copy_text))});

  const std::string id = request.id;
  const std::stop_callback cancel(stop, [&] { model.cancel(id); });
  Heard heard;
  INGLE_TRY(const chat::Finished finished,
            chat::complete_and_wait(model, std::move(request), [&](const chat::Event& event) {
              if (const auto* delta = std::get_if<chat::Delta>(&event)) {
                heard.add(*delta);
              }
            }));
  if (finished.reason == chat::FinishReason::kCancelled) return std::unexpected(Error::cancelled());
  Answer answer;
  answer.json = heard.text;
  const Json json = Json::parse(heard.text, nullptr, false);
  if (json.is_discarded())
    return std::unexpected(Error::exhausted("the model's answer was cut off")
                               .hint("the document may be too long for the model's context (--ctx)"));
  StringFinder(heard, answer).visit(json, "");
  return answer;
}

}  // namespace ingle::documents
