#include "api/openai/choices_encoder.h"

#include <utility>

#include "api/openai/answer_parts.h"

namespace ingle::api::openai {
namespace {

/// `content` with what every choice has; its logprobs are null where it brings none.
Json choice_json(uint32_t index, const Json& content, Json reason) {
  Json json = {{"index", index}};
  json.update(content);
  json.emplace("logprobs", nullptr);
  json["finish_reason"] = std::move(reason);
  return json;
}

}  // namespace

ChoicesEncoder::ChoicesEncoder(AnswerFrame frame, std::string_view whole_object, std::string_view chunk_object)
    : frame_(std::move(frame)), whole_object_(whole_object), chunk_object_(chunk_object) {}

/// The last one's end stands in the last chunk.
std::string ChoicesEncoder::end_choice(uint32_t choice, const Outcome& outcome) {
  const std::string before = last_chunk_.is_null() ? std::string() : event_text(last_chunk_);
  last_chunk_ = chunk(choice, no_content(), finish_word(outcome.finished.reason));
  return before;
}

std::string ChoicesEncoder::finish(const Outcome& outcome) {
  if (last_chunk_.is_null()) end_choice(0, outcome);
  return finish_all({&outcome, 1});
}

std::string ChoicesEncoder::finish_all(std::span<const Outcome> outcomes) {
  Json summary = std::move(last_chunk_);
  std::string before;
  if (frame_.include_usage) {
    before = event_text(summary);
    summary = head(chunk_object_);
    summary["choices"] = Json::array();
  }
  add_summary(summary, outcomes);
  return before + event_text(summary) + "data: [DONE]\n\n";
}

std::string ChoicesEncoder::fail(const Failure& failure) {
  return event_text(Json{{"error", error_json(failure)}});
}

std::string ChoicesEncoder::whole(const WholeAnswer& answer, const Outcome& outcome) {
  return whole_all({&answer, 1}, {&outcome, 1});
}

std::string ChoicesEncoder::whole_all(std::span<const WholeAnswer> answers, std::span<const Outcome> outcomes) {
  Json json = head(whole_object_);
  Json& choices = json["choices"] = Json::array();
  for (uint32_t i = 0; i < answers.size(); ++i)
    choices.push_back(choice_json(i, whole_content(i, answers[i]), finish_word(outcomes[i].finished.reason)));
  add_summary(json, outcomes);
  return to_text(json);
}

std::string ChoicesEncoder::chunk_event(uint32_t choice, const Json& content) const {
  return event_text(chunk(choice, content, nullptr));
}

Json ChoicesEncoder::head(std::string_view object) const {
  return {{"id", frame_.id},
          {"object", object},
          {"created", frame_.created_unix},
          {"model", frame_.model},
          {"system_fingerprint", frame_.fingerprint}};
}

Json ChoicesEncoder::chunk(uint32_t choice, const Json& content, Json reason) const {
  Json json = head(chunk_object_);
  json["choices"] = Json::array({choice_json(choice, content, std::move(reason))});
  if (frame_.include_usage) json["usage"] = nullptr;
  return json;
}

void ChoicesEncoder::add_summary(Json& json, std::span<const Outcome> outcomes) const {
  const chat::Usage usage = total_usage(outcomes, frame_.n);
  json["usage"] = usage_json(usage);
  json["ingle"] = ingle_json(outcomes.front(), usage);
}

}  // namespace ingle::api::openai
