// Fakes for tests of the API: an exchange that collects, and a model whose events the test gives. Any thread may use them.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "chat/completer.h"
#include "chat/errors.h"
#include "net/http_server.h"
#include "runtime/models.h"

namespace ingle::api::testing {

/// What a client would have seen.
struct Seen {
  net::Reply reply;  // of a stream: its header, and all pieces as the body
  bool answered = false;
  bool finished = false;  // a stream that came to its end

  std::string header(std::string_view name) const {
    for (const auto& header : reply.headers)
      if (header.name == name) return header.value;
    return {};
  }
};

class FakeExchange : public net::Exchange {
 public:
  FakeExchange(net::ServerRequest request, std::shared_ptr<Seen> seen)
      : request_(std::move(request)), seen_(std::move(seen)) {}

  net::ServerRequest& request() override { return request_; }
  void respond(net::Reply reply) override {
    seen_->reply = std::move(reply);
    seen_->answered = true;
  }
  void start_stream(net::Reply reply) override { respond(std::move(reply)); }
  bool send(std::string piece) override {
    seen_->reply.body += piece;
    return !gone_;
  }
  void finish() override { seen_->finished = true; }
  size_t queued_bytes() const override { return 0; }
  void cut(std::string_view why) override {
    cut_because_ = why;
    go_away();
  }
  void on_gone(std::function<void()> callback) override { on_gone_ = std::move(callback); }
  bool gone() const override { return gone_; }
  std::string_view cut_because() const override { return cut_because_; }
  void run_again(std::function<void()> work) override { work(); }

  void go_away() {
    gone_ = true;
    if (on_gone_) on_gone_();
  }

 private:
  net::ServerRequest request_;
  std::shared_ptr<Seen> seen_;
  std::function<void()> on_gone_;
  bool gone_ = false;
  std::string_view cut_because_;
};

/// Gives the events in `script` to every request, on the caller's thread; with `hold` the test gives them itself.
class ScriptedCompleter : public chat::Completer {
 public:
  std::vector<chat::Event> script;
  bool hold = false;
  Status refusal;
  std::function<void()> before;   // runs while complete() has not taken the request yet
  chat::CompleteRequest request;  // the last one
  chat::EventSink sink;
  std::vector<chat::EmbedRequest> embedded;
  std::vector<chat::EventSink> held;
  std::function<Result<chat::TextVector>(const chat::EmbedInput& input)> vector_of;
  std::vector<std::string> cancelled;
  std::vector<int32_t> tokens = {7, 8, 9};  // of every text
  std::vector<chat::TokenizeRequest> tokenized;
  chat::Description description;
  chat::Stats now;

  Status complete(chat::CompleteRequest wanted, chat::EventSink events) override {
    if (before) before();
    request = std::move(wanted);
    if (!refusal) return refusal;
    if (hold) {
      sink = std::move(events);
      return {};
    }
    for (const chat::Event& event : script)
      events(event);
    return {};
  }
  /// As everywhere: what is not known cannot be cancelled.
  void cancel(std::string_view id) override {
    const bool embeds = std::ranges::find(embedded, id, &chat::EmbedRequest::id) != embedded.end();
    if (id == request.id || embeds) cancelled.emplace_back(id);
  }

  Result<chat::Description> describe() override { return description; }
  Result<std::string> render(const chat::ChatPrompt& /*prompt*/) override { return ""; }
  Result<std::vector<int32_t>> tokenize(const chat::TokenizeRequest& wanted) override {
    tokenized.push_back(wanted);
    return tokens;
  }
  Result<std::string> detokenize(std::span<const int32_t> /*tokens*/) override { return no(); }
  Result<std::vector<float>> score(const chat::ScoreRequest& /*request*/) override { return no(); }
  /// The vectors of `vector_of`, at once; with `hold` never: the sink is kept in `held`.
  Status embed(chat::EmbedRequest wanted, chat::EventSink events) override {
    embedded.push_back(std::move(wanted));
    if (!refusal) return refusal;
    if (hold) {
      held.push_back(std::move(events));
      return {};
    }
    if (!vector_of) return no();
    chat::Vectors all;
    chat::Finished finished;
    for (const chat::EmbedInput& input : embedded.back().inputs) {
      auto vector = vector_of(input);
      if (!vector) {
        events(chat::Failed{vector.error(), static_cast<int32_t>(all.list.size())});
        return {};
      }
      finished.usage.prompt_tokens += vector->n_tokens;
      all.list.push_back(*std::move(vector));
    }
    events(std::move(all));
    events(std::move(finished));
    return {};
  }
  Result<std::vector<std::vector<float>>> tag(const chat::EmbedTokens& /*request*/) override { return no(); }
  Result<std::string> fork(std::string_view /*request_id*/) override { return no(); }
  void release(std::string_view /*handle*/) override {}
  Result<chat::Stats> stats() override { return now; }

 private:
  static std::unexpected<Error> no() { return std::unexpected(Error::unsupported("not scripted")); }
};

class FakeModels : public runtime::Models {
 public:
  /// An engine ends every request; here one that is held would keep the completer that holds it.
  ~FakeModels() override { const chat::EventSink never_called = std::move(completer->sink); }

  std::shared_ptr<ScriptedCompleter> completer = std::make_shared<ScriptedCompleter>();
  std::vector<std::pair<std::string, runtime::AcquireOptions>> acquired;
  std::vector<std::string> unloaded;
  std::vector<std::pair<std::string, std::string>> let_gone;  // model, client
  std::vector<runtime::LoadedModel> now_loaded;
  runtime::KeepAlive most_granted = 300;  // to who may only wish
  std::map<std::string, bool> clients;    // whether they were known when forget_clients() looked last
  mutable int n_stats = 0;
  std::function<void()> loading;                              // runs while acquire() goes on; empty: nothing
  std::map<std::string, std::string, std::less<>> spellings;  // other names, and whose they are

  Result<std::shared_ptr<chat::Completer>> acquire(std::string_view model,
                                                   const runtime::AcquireOptions& options) override {
    if (loading) loading();
    if (name_of(model) != "m:1" && model != "auto")
      return std::unexpected(Error::not_found("no such model").hint("pull one"));
    acquired.emplace_back(model, options);
    const uint32_t most = completer->description.context_length;
    if (most != 0 && options.context > most && !options.clamp_context)
      return std::unexpected(chat::context_too_large({.asked_tokens = options.context, .model_tokens = most}));
    return completer;
  }
  std::string name_of(std::string_view model) const override {
    const auto known = spellings.find(model);
    return known == spellings.end() ? std::string(model) : known->second;
  }
  void unload(std::string_view model) override { unloaded.emplace_back(model); }
  void let_go(std::string_view model, std::string_view client) override { let_gone.emplace_back(model, client); }
  std::vector<runtime::LoadedModel> loaded() const override { return now_loaded; }
  void forget_clients(const std::function<bool(std::string_view client)>& is_known) override {
    for (auto& [client, is_kept] : clients)
      is_kept = is_known(client);
  }
  std::optional<runtime::KeepAlive> granted(const runtime::AcquireOptions& options) const override {
    return options.may_only_wish && options.keep_alive ? std::optional(most_granted) : options.keep_alive;
  }
  Result<chat::Stats> stats(std::string_view /*name*/) const override {
    ++n_stats;
    return completer->stats();
  }
};

}  // namespace ingle::api::testing
