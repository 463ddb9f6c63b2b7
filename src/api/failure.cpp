#include "api/failure.h"

#include "base/utf8.h"
#include "chat/errors.h"

namespace ingle::api {
namespace {

constexpr size_t kMaxShownName = 200;

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kUsage:
    case ErrorCode::kRefused:
      return 400;
    case ErrorCode::kNotFound:
      return 404;
    case ErrorCode::kUnsupported:
      return 501;
    case ErrorCode::kUnavailable:
    case ErrorCode::kExhausted:
    case ErrorCode::kCancelled:
      return 503;
    case ErrorCode::kCorrupt:
    case ErrorCode::kIo:
    case ErrorCode::kInternal:
      return 500;
  }
  return 500;
}

}  // namespace

Failure Failure::from(Error error) {
  Failure failure{.status = status_of(error.code()), .error = std::move(error)};
  if (chat::as_prompt_too_long(failure.error)) failure.code = "context_length_exceeded";
  if (chat::is_queue_full(failure.error)) {
    failure.status = 429;
    failure.code = kOverloaded;
  }
  if (chat::is_out_of_reach(failure.error)) {
    failure.code = kModelTooLarge;
    failure.param = "model";
  }
  if (chat::is_answer_breaks_schema(failure.error)) {
    failure.status = 502;
    failure.code = kAnswerBreaksSchema;
  }
  return failure;
}

Failure Failure::bad_field(std::string_view field, std::string_view what) {
  return {.status = 400,
          .param = std::string(field),
          .reason = std::string(what),
          .error = Error::usage("'" + std::string(field) + "' " + std::string(what))};
}

Failure Failure::not_served(std::string_view why) {
  return {.status = 501, .reason = std::string(why), .error = Error::unsupported(std::string(why))};
}

Failure Failure::not_implemented(std::string_view field, std::string_view why) {
  return {.status = 501,
          .param = std::string(field),
          .reason = std::string(why),
          .error = Error::unsupported("'" + std::string(field) + "': " + std::string(why))};
}

Failure Failure::of_upload(Error error) {
  Failure failure = from(std::move(error));
  switch (failure.error.code()) {
    case ErrorCode::kUnsupported:
      failure.status = 415;
      break;
    case ErrorCode::kCorrupt:
    case ErrorCode::kExhausted:  // what its reader may take: not the server's memory or disk
      failure.status = 400;
      break;
    default:
      break;
  }
  return failure;
}

Failure Failure::no_model(std::string_view model, std::string hint) {
  // A name as long as a book is told by its beginning.
  std::string shown = base::to_valid_utf8(model.substr(0, kMaxShownName));
  if (model.size() > kMaxShownName) shown += "...";
  return {.status = 404,
          .code = "model_not_found",
          .param = "model",
          .error = Error::not_found("model '" + shown + "' not found").hint(std::move(hint))};
}

}  // namespace ingle::api
