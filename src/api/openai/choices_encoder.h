// Answers that are a list of choices, whole or in chunks: OpenAI's of chats and of plain texts. What a choice carries is
// told by the one that derives; the lists, the ends and the counts are here. Internal to api, included by its .cpp files
// only; one thread at a time, as every AnswerEncoder.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "api/inference.h"
#include "api/json_input.h"
#include "api/openai/encode.h"

namespace ingle::api::openai {

class ChoicesEncoder : public AnswerEncoder {
 public:
  /// `whole_object` and `chunk_object`: what the answers call themselves.
  ChoicesEncoder(AnswerFrame frame, std::string_view whole_object, std::string_view chunk_object);

  std::string_view stream_type() const final { return "text/event-stream; charset=utf-8"; }
  std::string delta(const chat::Delta& delta) final { return choice_delta(0, delta); }
  std::string end_choice(uint32_t choice, const Outcome& outcome) final;
  std::string finish(const Outcome& outcome) final;
  std::string finish_all(std::span<const Outcome> outcomes) final;
  std::string fail(const Failure& failure) final;
  std::string whole(const WholeAnswer& answer, const Outcome& outcome) final;
  std::string whole_all(std::span<const WholeAnswer> answers, std::span<const Outcome> outcomes) final;

 protected:
  const AnswerFrame& frame() const { return frame_; }
  /// `content`: what the choice brings, its logprobs with it where the request asked for them.
  std::string chunk_event(uint32_t choice, const Json& content) const;

 private:
  /// Of a chunk that brings nothing but the choice's end.
  virtual Json no_content() const = 0;
  virtual Json whole_content(uint32_t choice, const WholeAnswer& answer) const = 0;

  Json head(std::string_view object) const;
  Json chunk(uint32_t choice, const Json& content, Json reason) const;
  void add_summary(Json& json, std::span<const Outcome> outcomes) const;

  const AnswerFrame frame_;
  const std::string_view whole_object_;
  const std::string_view chunk_object_;
  Json last_chunk_;  // of the choice that ended last; null before any has
};

}  // namespace ingle::api::openai
