// One inference request, from a model's name to the last byte of its answer; the dialects bring only their encoder.
//
// run_inference() is called by a worker and returns when the request was handed to the model; from then on the model's own
// thread encodes events and hands the pieces to the connection, and no thread waits; while a model is loaded one does, for all
// who asked for it (seats.h). A client that goes away cancels the request. A header goes out with the model's first sign of
// life, so that a request that cannot start gets its status.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "chat/completer.h"

namespace ingle::api {

/// The name under which the router is asked.
inline constexpr std::string_view kAutoModel = "auto";

struct Outcome {
  chat::Finished finished;
  std::string route;  // "local", "cloud:NAME"
  double load_seconds = 0;
  double first_token_seconds = 0;  // from the arrival of the request
  double total_seconds = 0;
};

struct WholeAnswer {
  std::string text;
  std::vector<chat::TokenInfo> tokens = {};
  std::vector<chat::ToolCallDelta> tool_calls = {};  // each whole
  std::string thinking = {};

  void add(chat::Delta delta);
};

/// An answer in a dialect's form. Used by one thread at a time; pure but for what it remembers of the stream.
class AnswerEncoder {
 public:
  virtual ~AnswerEncoder() = default;
  // A stream: begin, progress ..., delta ..., then finish or fail.
  virtual std::string_view stream_type() const = 0;
  /// First of all, of a stream or not: how long it took to get hold of the model.
  virtual void loaded(double /*seconds*/) {}
  /// `prompt`: what is known of it by then.
  virtual std::string begin(const chat::Prefill& prompt) = 0;
  /// Of reading the prompt; `seconds` since the request came. Most dialects have no word for it.
  virtual std::string progress(const chat::Prefill& /*prompt*/, double /*seconds*/) { return {}; }
  virtual std::string delta(const chat::Delta& delta) = 0;
  virtual std::string finish(const Outcome& outcome) = 0;
  virtual std::string fail(const Failure& failure) = 0;
  /// Everything at once.
  virtual std::string whole(const WholeAnswer& answer, const Outcome& outcome) = 0;

  // Of requests with several answers, by their index; dialects that have none need not know these.
  virtual std::string choice_delta(uint32_t /*choice*/, const chat::Delta& piece) { return delta(piece); }
  /// One of them has ended.
  virtual std::string end_choice(uint32_t /*choice*/, const Outcome& /*outcome*/) { return {}; }
  /// The last one has.
  virtual std::string finish_all(std::span<const Outcome> outcomes) { return finish(outcomes.front()); }
  virtual std::string whole_all(std::span<const WholeAnswer> answers, std::span<const Outcome> outcomes) {
    return whole(answers.front(), outcomes.front());
  }
};

/// Of all answers together: every prompt counts once, `n` answers were made of each.
chat::Usage total_usage(std::span<const Outcome> outcomes, uint32_t n);

struct Inference {
  std::string model;
  runtime::AcquireOptions acquire = {};
  chat::CompleteRequest request;                 // its id is set here
  std::vector<chat::CompleteRequest> more = {};  // further answers: `n` of each prompt, prompt after prompt
  uint32_t n = 1;
  bool stream = false;
  std::unique_ptr<AnswerEncoder> encoder = {};
  /// What can only be decided when the model is known; on the worker, before the request goes out. Empty: nothing.
  std::function<std::expected<void, Failure>(chat::Completer& model, chat::CompleteRequest& request)> prepare = {};
  bool asks_first = false;  // prepare() waits for what the model answers
};

void run_inference(const std::shared_ptr<Call>& call, Inference inference);
/// For who has the model already, in with_model().
void run_inference(const std::shared_ptr<Call>& call, Inference inference,
                   const std::shared_ptr<chat::Completer>& model);

/// Whether `name` can be the name of a model here: paths of files are not asked for over the network.
bool is_model_name(std::string_view name);
/// Failure::no_model() with what may have been meant.
Failure no_such_model(const Services& services, std::string_view model);
/// One that is installed, by any of its names; else no_such_model().
Answer<ModelInfo> installed_model(const Services& services, std::string_view name);

using UseModel = std::move_only_function<void(const std::shared_ptr<chat::Completer>& model)>;
/// The ways to a model (seats.h): `use` is called with it, perhaps later and on another worker, or the call is answered with
/// why not. What it holds ends with the client; the request's body, which has been read, ends here.
/// For a use that hands something over to the model and does not wait for it.
void with_model(const std::shared_ptr<Call>& call, const std::string& model, const runtime::AcquireOptions& options,
                UseModel use);
/// For one that waits for what the model answers. `bytes`: what `use` keeps until then, where it is more than the body was.
void ask_model(const std::shared_ptr<Call>& call, const std::string& model, const runtime::AcquireOptions& options,
               UseModel use, size_t bytes = 0);

/// X-Ingle-Priority, for the dialects that have no word for it; nothing where it is absent.
Answer<std::optional<chat::Priority>> asked_priority(Call& call);

/// A seed for a request that names none. A client can send it back: it is a whole number in every language, JavaScript too,
/// and so is that of the last of several answers.
uint64_t random_seed();

}  // namespace ingle::api
