#include "api/answer_parts.h"

#include "base/utf8.h"

namespace ingle::api {

std::string message_of(const Failure& failure) {
  std::string message = failure.error.message();
  if (!failure.error.hint().empty()) message += ": " + failure.error.hint();
  return message;
}

std::string_view error_type(int status, std::string_view of_server) {
  switch (status) {
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 429:
      return "rate_limit_error";
    case 501:
      return "not_supported_error";
    case 503:
      return "unavailable_error";
    default:
      return status < 500 ? "invalid_request_error" : of_server;
  }
}

Json token_json(const chat::TokenLogprob& token) {
  return {{"token", base::to_valid_utf8(token.text)}, {"logprob", token.logprob}, {"bytes", bytes_json(token.text)}};
}

Json bytes_json(std::string_view bytes) {
  Json json = Json::array();
  for (const char byte : bytes)
    json.push_back(static_cast<unsigned char>(byte));
  return json;
}

}  // namespace ingle::api
