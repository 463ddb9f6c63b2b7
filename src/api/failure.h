// Failure: why a request was not answered, before a dialect gives it its own form. A plain value, any thread.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ingle::api {

/// Of an answer that broke what of its schema is checked and not enforced: the model failed, the request did not.
inline constexpr std::string_view kAnswerBreaksSchema = "answer_breaks_schema";

/// Of a model that has no room with the settings as they are, whatever else is unloaded.
inline constexpr std::string_view kModelTooLarge = "model_too_large";

/// Of a request that the engine's full queue did not take.
inline constexpr std::string_view kOverloaded = "rate_limit_exceeded";

struct Failure {
  int status = 500;
  std::string code = {};   // a stable word for programs, "context_length_exceeded"; empty: the error's code says enough
  std::string param = {};  // the field it is about, "messages[2].content"; empty: none
  /// For logs: what is wrong, with the field if there is one, in words of this program alone. Messages may quote the request.
  std::string reason = {};
  Error error = Error::internal("nothing is known");

  /// For logs: `code`, or the word of the error's.
  std::string_view word() const { return code.empty() ? base::to_string(error.code()) : std::string_view(code); }

  static Failure from(Error error);
  bool is_overload() const { return code == kOverloaded; }
  /// `what` and `why` quote nothing of the request.
  static Failure bad_field(std::string_view field, std::string_view what);
  /// An address that is none here.
  static Failure not_served(std::string_view why);
  static Failure not_implemented(std::string_view field, std::string_view why);
  /// What is wrong with a file that came with a request: the client's fault, whatever it is. 415: nothing here reads its kind.
  static Failure of_upload(Error error);
  /// The model that a request names does not exist here; the hint says which one may have been meant.
  static Failure no_model(std::string_view model, std::string hint = "'ingle list' shows what is installed");
};

template <typename T>
using Answer = std::expected<T, Failure>;

}  // namespace ingle::api
