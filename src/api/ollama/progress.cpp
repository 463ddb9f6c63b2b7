#include "api/ollama/progress.h"

#include <utility>

#include "api/ollama/encode.h"

namespace ingle::api::ollama {
namespace {

constexpr std::string_view kLines = "application/x-ndjson";
constexpr auto kProgressInterval = std::chrono::milliseconds(100);
constexpr size_t kEnoughQueued = 64 * 1024;

}  // namespace

void ProgressStream::send(std::string line, bool may_be_skipped) {
  if (!stream_) return;
  const auto now = std::chrono::steady_clock::now();
  if (may_be_skipped && begun_ && (now - last_ < kProgressInterval || call_->exchange().queued_bytes() > kEnoughQueued))
    return;
  last_ = now;
  if (std::exchange(begun_, true)) {
    call_->exchange().send(std::move(line));
  } else {
    call_->start_stream(kLines, std::move(line));
  }
}

void ProgressStream::fail(const Failure& failure) {
  if (!begun_) return call_->fail(failure);
  call_->exchange().send(encode_error(failure) + "\n");
  call_->exchange().finish();
}

void ProgressStream::succeed() {
  if (!stream_) return call_->respond_json(encode_status("success"));
  send(encode_status("success"));
  call_->exchange().finish();
}

std::stop_token stop_when_gone(Call& call) {
  const auto stop = std::make_shared<std::stop_source>();
  call.exchange().on_gone([stop] { stop->request_stop(); });
  return stop->get_token();
}

}  // namespace ingle::api::ollama
