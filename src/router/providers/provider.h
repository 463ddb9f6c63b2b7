// Provider kinds: how to speak to a cloud. One file in this folder and one row in registry.cpp each.
//
// A kind turns a request into the exact bytes that would leave and reads the answer as it streams in. It decides nothing:
// only the gate sends what `encode` made, after it looked at every byte. Pure; one reader an answer.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "chat/types.h"
#include "net/http_types.h"
#include "router/policy.h"

namespace ingle::router {

/// The answer as it arrives.
class AnswerReader {
 public:
  virtual ~AnswerReader() = default;
  /// Text to hand on goes to `on_text`. An error when the bytes break the form.
  virtual Status feed(std::string_view bytes, const std::function<void(std::string)>& on_text) = 0;
  /// After the last byte: how the answer ended. kUnavailable when it broke off.
  virtual Result<chat::Finished> finish() = 0;
};

struct ProviderKind {
  std::string_view kind;
  /// kUnsupported for what the kind or the router cannot pass on; the request then stays here.
  Result<net::HttpRequest> (*encode)(const Provider& provider, std::string_view api_key,
                                     const chat::CompleteRequest& request);
  std::unique_ptr<AnswerReader> (*reader)();
};

/// nullptr for a word that is no kind.
const ProviderKind* find_provider_kind(std::string_view kind);

extern const ProviderKind kOpenAi;

}  // namespace ingle::router
