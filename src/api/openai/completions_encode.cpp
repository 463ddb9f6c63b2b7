#include <fmt/format.h>

#include "api/openai/answer_parts.h"
#include "api/openai/completions.h"
#include "base/utf8.h"

namespace ingle::api::openai {
namespace {

/// A token that is no text of its own, as OpenAI wrote such tokens.
std::string spelled(const std::string& bytes) {
  if (base::is_valid_utf8(bytes)) return bytes;
  std::string text = "bytes:";
  for (const char byte : bytes)
    text += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
  return text;
}

size_t n_code_points(std::string_view text) {
  size_t n = 0;
  for (const char byte : text)
    n += (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U ? 1 : 0;
  return n;
}

/// The old form: lists side by side. Offsets count code points of the choice's text.
class OldLogprobs {
 public:
  Json of_prompt(const Echo& echo) {
    Json json = empty();
    for (const chat::TokenLogprob& token : echo.tokens) {
      const bool is_first = json["tokens"].empty();
      add(json, token, is_first ? Json() : Json(token.logprob), nullptr);
    }
    return json;
  }

  void add(Json& json, std::span<const chat::TokenInfo> tokens) {
    for (const chat::TokenInfo& token : tokens) {
      Json top = Json::object();
      for (const chat::TokenLogprob& other : token.top)
        top[spelled(other.text)] = other.logprob;
      add(json, token.chosen, token.chosen.logprob, std::move(top));
    }
  }

  static Json empty() {
    return {{"tokens", Json::array()},
            {"token_logprobs", Json::array()},
            {"top_logprobs", Json::array()},
            {"text_offset", Json::array()}};
  }

 private:
  void add(Json& json, const chat::TokenLogprob& token, Json logprob, Json top) {
    json["tokens"].push_back(spelled(token.text));
    json["token_logprobs"].push_back(std::move(logprob));
    json["top_logprobs"].push_back(std::move(top));
    json["text_offset"].push_back(offset_);
    offset_ += n_code_points(token.text);
  }

  size_t offset_ = 0;
};

class CompletionsEncoder : public AnswerEncoder {
 public:
  CompletionsEncoder(AnswerFrame frame, std::shared_ptr<const std::vector<Echo>> echoes)
      : frame_(std::move(frame)), echoes_(std::move(echoes)) {}

  std::string_view stream_type() const override { return "text/event-stream; charset=utf-8"; }

  std::string begin(const chat::Prefill& /*prompt*/) override {
    std::string chunks;
    for (uint32_t choice = 0; choice < echoes_->size() * frame_.n; ++choice) {
      const Echo& echo = echo_of(choice);
      OldLogprobs& logprobs = logprobs_.emplace_back();
      if (echo.text.empty()) continue;
      chunks += event_text(chunk(choice, echo.text, frame_.logprobs ? logprobs.of_prompt(echo) : Json()));
    }
    return chunks;
  }

  std::string delta(const chat::Delta& delta) override { return choice_delta(0, delta); }

  std::string choice_delta(uint32_t choice, const chat::Delta& delta) override {
    if (delta.text.empty() && delta.tokens.empty()) return {};
    Json logprobs;
    if (frame_.logprobs) {
      logprobs = OldLogprobs::empty();
      logprobs_[choice].add(logprobs, delta.tokens);
    }
    return event_text(chunk(choice, delta.text, std::move(logprobs)));
  }

  /// The last one's end stands in the last chunk.
  std::string end_choice(uint32_t choice, const Outcome& outcome) override {
    std::string before = n_ended_++ > 0 ? event_text(last_chunk_) : std::string();
    last_chunk_ = chunk(choice, "", nullptr, finish_word(outcome.finished.reason));
    return before;
  }

  std::string finish(const Outcome& outcome) override {
    if (n_ended_ == 0) end_choice(0, outcome);
    return finish_all({&outcome, 1});
  }

  std::string finish_all(std::span<const Outcome> outcomes) override {
    const chat::Usage usage = total_usage(outcomes, frame_.n);
    Json summary = std::move(last_chunk_);
    std::string before;
    if (frame_.include_usage) {
      before = event_text(summary);
      summary = head();
      summary["choices"] = Json::array();
    }
    summary["usage"] = usage_json(usage);
    summary["ingle"] = ingle_json(outcomes.front(), usage);
    return before + event_text(summary) + "data: [DONE]\n\n";
  }

  std::string fail(const Failure& failure) override { return event_text(Json{{"error", error_json(failure)}}); }

  std::string whole(const WholeAnswer& answer, const Outcome& outcome) override {
    return whole_all({&answer, 1}, {&outcome, 1});
  }

  std::string whole_all(std::span<const WholeAnswer> answers, std::span<const Outcome> outcomes) override {
    Json json = head();
    Json& choices = json["choices"] = Json::array();
    for (uint32_t i = 0; i < answers.size(); ++i) {
      const Echo& echo = echo_of(i);
      OldLogprobs writer;
      Json logprobs;
      if (frame_.logprobs) {
        logprobs = writer.of_prompt(echo);
        writer.add(logprobs, answers[i].tokens);
      }
      choices.push_back({{"text", echo.text + answers[i].text},
                         {"index", i},
                         {"logprobs", std::move(logprobs)},
                         {"finish_reason", finish_word(outcomes[i].finished.reason)}});
    }
    const chat::Usage usage = total_usage(outcomes, frame_.n);
    json["usage"] = usage_json(usage);
    json["ingle"] = ingle_json(outcomes.front(), usage);
    return to_text(json);
  }

 private:
  const Echo& echo_of(uint32_t choice) const { return (*echoes_)[choice / frame_.n]; }

  Json head() const {
    return {{"id", frame_.id},
            {"object", "text_completion"},
            {"created", frame_.created_unix},
            {"model", frame_.model},
            {"system_fingerprint", frame_.fingerprint}};
  }

  Json chunk(uint32_t choice, std::string_view text, Json logprobs, Json reason = nullptr) const {
    Json json = head();
    json["choices"] = Json::array(
        {{{"text", text}, {"index", choice}, {"logprobs", std::move(logprobs)}, {"finish_reason", std::move(reason)}}});
    if (frame_.include_usage) json["usage"] = nullptr;
    return json;
  }

  const AnswerFrame frame_;
  const std::shared_ptr<const std::vector<Echo>> echoes_;  // filled in before anything is encoded
  std::vector<OldLogprobs> logprobs_;                      // of a stream's choices
  uint32_t n_ended_ = 0;
  Json last_chunk_;  // of the choice that ended last
};

}  // namespace

std::unique_ptr<AnswerEncoder> make_completions_encoder(AnswerFrame frame,
                                                        std::shared_ptr<const std::vector<Echo>> echoes) {
  return std::make_unique<CompletionsEncoder>(std::move(frame), std::move(echoes));
}

}  // namespace ingle::api::openai
