// A stream of lines that say how far something is, or one answer at its end; of pull, create and push. One thread.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "api/call.h"

namespace ingle::api::ollama {

class ProgressStream {
 public:
  ProgressStream(std::shared_ptr<Call> call, bool stream) : call_(std::move(call)), stream_(stream) {}

  /// A line; `may_be_skipped`: when it comes too soon after the last one for anybody to see it.
  void send(std::string line, bool may_be_skipped = false);
  void fail(const Failure& failure);
  /// The last line, or the whole answer.
  void succeed();

 private:
  const std::shared_ptr<Call> call_;
  const bool stream_;
  bool begun_ = false;
  std::chrono::steady_clock::time_point last_;
};

/// What a stop token is for: the work ends when the client goes away.
std::stop_token stop_when_gone(Call& call);

}  // namespace ingle::api::ollama
