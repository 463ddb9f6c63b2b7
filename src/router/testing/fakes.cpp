#include "router/testing/fakes.h"

#include <nlohmann/json.hpp>
#include <thread>

namespace ingle::router::testing {

Result<chat::Description> FakeModel::describe() {
  chat::Description description;
  description.name = "fake";
  return description;
}

Status FakeModel::complete(chat::CompleteRequest request, chat::EventSink sink) {
  ++n_completions;
  std::thread([this, request = std::move(request), sink = std::move(sink)] {
    sink(chat::Prefill{1, 1});
    for (size_t i = 0; i < words.size();) {
      chat::Delta delta;
      for (const size_t end = std::min(i + at_once, words.size()); i < end; ++i) {
        const std::string& word = words[i];
        const float p = i < unsure_from ? logprob : -3.0F;
        delta.text += word;
        if (request.logprobs < 0) continue;
        chat::TokenInfo info{{1, word, p}, {{1, word, p}, {2, "?", std::log1p(-std::exp(p))}}};
        info.top.resize(std::min(info.top.size(), static_cast<size_t>(request.logprobs)));
        delta.tokens.push_back(std::move(info));
      }
      sink(std::move(delta));
    }
    if (!calls.empty()) sink(chat::Delta{.text = {}, .tokens = {}, .tool_calls = calls});
    on_answered();
    if (hangs) {
      {
        const std::lock_guard lock(hanging_mutex_);
        hanging_.emplace_back(request.id, sink);
        if (std::ranges::find(cancelled_, request.id) == cancelled_.end()) return;
      }
      cancel(request.id);
    } else if (breaks) {
      sink(chat::Failed{Error::unavailable("the engine ended")});
    } else {
      sink(chat::Finished{.reason = calls.empty() ? chat::FinishReason::kStop : chat::FinishReason::kToolCalls,
                          .stop_text = {},
                          .usage = {.prompt_tokens = 10, .completion_tokens = static_cast<uint32_t>(words.size())},
                          .route = {}});
    }
  }).detach();
  return {};
}

void FakeModel::cancel(std::string_view id) {
  chat::EventSink sink;
  {
    const std::lock_guard lock(hanging_mutex_);
    cancelled_.emplace_back(id);
    const auto found = std::ranges::find(hanging_, id, [](const auto& entry) { return entry.first; });
    if (found == hanging_.end()) return;
    sink = std::move(found->second);
    hanging_.erase(found);
  }
  ++n_cancelled;
  sink(chat::Finished{.reason = chat::FinishReason::kCancelled, .stop_text = {}, .usage = {}, .route = {}});
}

Result<std::shared_ptr<chat::Completer>> FakeModels::acquire(std::string_view name, const runtime::AcquireOptions&) {
  if (name != "fake") return std::unexpected(Error::not_found("no model '" + std::string(name) + "'"));
  return model;
}

std::string FakeCloud::events(const std::vector<std::string>& pieces) {
  std::string text;
  for (const std::string& piece : pieces) {
    text += "data: " + nlohmann::json{{"choices", {{{"delta", {{"content", piece}}}}}}}.dump() + "\n\n";
  }
  text += "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
  text += "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":500}}\n\n";
  return text + "data: [DONE]\n\n";
}

namespace {

class Transport final : public net::HttpTransport {
 public:
  explicit Transport(FakeCloud& cloud) : cloud_(cloud) {}

  Result<net::HttpHead> send(const net::HttpRequest& request, const net::EgressPermit& permit,
                             const net::BodySink& sink, std::stop_token stop) const override {
    INGLE_TRY_VOID(net::check_permit(request, permit, &cloud_.key));
    cloud_.received.push_back(request);
    cloud_.on_request();
    if (stop.stop_requested()) return std::unexpected(Error::cancelled());
    net::HttpHead head;
    head.status = cloud_.status;
    head.url = request.url;
    INGLE_TRY(const bool wanted, sink.on_head(head));
    // In pieces that fall anywhere.
    for (size_t at = 0; wanted && at < cloud_.body.size(); at += 7) {
      INGLE_TRY_VOID(sink.on_body(std::as_bytes(std::span(std::string_view(cloud_.body).substr(at, 7)))));
    }
    if (!cloud_.outcome) return std::unexpected(cloud_.outcome.error());
    return head;
  }

 private:
  FakeCloud& cloud_;
};

}  // namespace

std::unique_ptr<net::HttpTransport> FakeCloud::transport() {
  return std::make_unique<Transport>(*this);
}

}  // namespace ingle::router::testing
