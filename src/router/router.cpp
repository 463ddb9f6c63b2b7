#include "router/router.h"

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "router/auto_request.h"
#include "router/gate.h"
#include "router/ledger_json.h"
#include "router/policy.h"

namespace ingle::router {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMaxRequests = 32;

}  // namespace

struct Routing::State {
  RoutingOptions options;
  Result<std::unique_ptr<Ledger>> ledger;
  Gate gate;

  std::mutex active_mutex;
  std::condition_variable ended;
  std::map<std::string, std::shared_ptr<AutoRequest>, std::less<>> active;
  size_t n_threads = 0;

  explicit State(RoutingOptions given)
      : options(std::move(given)),
        ledger(Ledger::open(options.home / "ledger.db")),
        gate(options.key, options.offline) {}

  Result<Ledger*> book() const {
    if (!ledger) return std::unexpected(ledger.error());
    return ledger->get();
  }
};

namespace {

/// `auto` as one more model.
class AutoModel final : public chat::Completer {
 public:
  AutoModel(RoutingOptions& options, std::function<Status(chat::CompleteRequest, chat::EventSink)> complete,
            std::function<void(std::string_view)> cancel)
      : options_(options), complete_(std::move(complete)), cancel_(std::move(cancel)) {}

  Result<chat::Description> describe() override {
    INGLE_TRY(const auto model, local());
    INGLE_TRY(chat::Description description, model->describe());
    description.name = kAutoModel;
    return description;
  }
  Result<std::string> render(const chat::ChatPrompt& prompt) override {
    INGLE_TRY(const auto model, local());
    return model->render(prompt);
  }
  Result<std::vector<int32_t>> tokenize(const chat::TokenizeRequest& request) override {
    INGLE_TRY(const auto model, local());
    return model->tokenize(request);
  }
  Result<std::string> detokenize(std::span<const int32_t> tokens) override {
    INGLE_TRY(const auto model, local());
    return model->detokenize(tokens);
  }
  Result<std::vector<std::string>> pieces(std::span<const int32_t> tokens) override {
    INGLE_TRY(const auto model, local());
    return model->pieces(tokens);
  }
  Status complete(chat::CompleteRequest request, chat::EventSink sink) override {
    return complete_(std::move(request), std::move(sink));
  }
  void cancel(std::string_view id) override {
    cancel_(id);
    if (const auto model = reads_.load().lock()) model->cancel(id);
  }
  Result<std::vector<float>> score(const chat::ScoreRequest& request) override {
    INGLE_TRY(const auto model, local());
    return model->score(request);
  }
  Status embed(chat::EmbedRequest request, chat::EventSink sink) override {
    INGLE_TRY(const auto model, local());
    reads_ = model;
    return model->embed(std::move(request),
                        [model, sink = std::move(sink)](chat::Event event) { sink(std::move(event)); });
  }
  Result<std::vector<std::vector<float>>> tag(const chat::EmbedTokens& request) override {
    INGLE_TRY(const auto model, local());
    return model->tag(request);
  }
  Result<std::string> fork(std::string_view /*request_id*/) override {
    return std::unexpected(
        Error::unsupported("a request to the router cannot be forked: it has no sequence of its own"));
  }
  void release(std::string_view /*handle*/) override {}
  Result<chat::Stats> stats() override {
    INGLE_TRY(const auto model, local());
    return model->stats();
  }

 private:
  Result<std::shared_ptr<chat::Completer>> local() {
    std::string name;
    return acquire_local(options_, read_policy(options_.home), name, 0);
  }

  RoutingOptions& options_;
  std::function<Status(chat::CompleteRequest, chat::EventSink)> complete_;
  std::function<void(std::string_view)> cancel_;
  std::atomic<std::weak_ptr<chat::Completer>> reads_;  // who was asked to embed
};

}  // namespace

Routing::Routing(std::shared_ptr<State> state) : state_(std::move(state)) {}

std::unique_ptr<Routing> Routing::create(RoutingOptions options) {
  return std::unique_ptr<Routing>(new Routing(std::make_shared<State>(std::move(options))));
}

Routing::~Routing() {
  std::unique_lock lock(state_->active_mutex);
  for (const auto& [id, request] : state_->active)
    request->cancel();
  state_->ended.wait(lock, [&] { return state_->n_threads == 0; });
}

std::shared_ptr<chat::Completer> Routing::auto_model() {
  const auto complete = [state = state_](chat::CompleteRequest request, chat::EventSink sink) -> Status {
    const std::string id = request.id;
    auto running =
        std::make_shared<AutoRequest>(state->options, state->gate, state->ledger ? state->ledger->get() : nullptr,
                                      std::move(request), std::move(sink));
    {
      const std::lock_guard lock(state->active_mutex);
      if (state->active.size() >= kMaxRequests) {
        return std::unexpected(Error::exhausted("too many requests for 'auto' at once").hint("try again in a moment"));
      }
      if (!state->active.emplace(id, running).second) {
        return std::unexpected(Error::usage("a request '" + id + "' is running already"));
      }
      ++state->n_threads;
    }
    std::thread([state, id, running = std::move(running)]() mutable {
      running->run();
      // The request holds a lease on a model, which must be back before the last waiter goes on.
      std::shared_ptr<AutoRequest> listed;
      {
        const std::lock_guard lock(state->active_mutex);
        listed = std::move(state->active.extract(id).mapped());
      }
      listed.reset();
      running.reset();
      const std::lock_guard lock(state->active_mutex);
      --state->n_threads;
      state->ended.notify_all();
    }).detach();
    return {};
  };
  const auto cancel = [state = state_](std::string_view id) {
    std::shared_ptr<AutoRequest> running;
    {
      const std::lock_guard lock(state->active_mutex);
      const auto found = state->active.find(id);
      if (found == state->active.end()) return;
      running = found->second;
    }
    running->cancel();
  };
  return std::make_shared<AutoModel>(state_->options, complete, cancel);
}

PolicyStatus Routing::policy() const {
  const PolicyFile file = read_policy(state_->options.home);
  PolicyStatus status;
  status.present = file.present;
  status.path = file.path.string();
  status.text = file.text;
  status.problems = file.problems;
  if (file.policy && file.policy->provider) {
    status.provider = file.policy->provider->name;
    if (const auto key = read_api_key(*file.policy->provider, state_->options.environment); !key) {
      status.problems.push_back(key.error().message());
    }
  }
  status.policy = file.policy;
  if (!state_->ledger) status.problems.push_back(state_->ledger.error().message());
  status.cloud_possible = !status.provider.empty() && status.problems.empty() && !state_->options.offline.on();
  return status;
}

const OfflineSwitch& Routing::offline() const {
  return state_->options.offline;
}

Status Routing::set_offline(bool on) {
  return state_->options.offline.set(on);
}

void Routing::record_download(Egress& download) {
  if (!state_->ledger) return;
  download.kind = "model download";
  if (download.unix_time == 0) download.unix_time = state_->options.now_unix();
  std::ignore = (*state_->ledger)->record_egress(download);
}

Result<std::vector<Decision>> Routing::decisions(uint32_t limit, std::string_view before) const {
  INGLE_TRY(Ledger* const book, state_->book());
  return book->decisions(limit, before);
}

Result<Decision> Routing::explain(std::string_view request_id) const {
  INGLE_TRY(Ledger* const book, state_->book());
  return book->find(request_id);
}

Result<std::vector<Egress>> Routing::egress(uint32_t limit) const {
  INGLE_TRY(Ledger* const book, state_->book());
  return book->egress(limit);
}

Result<Spent> Routing::spent_today() const {
  constexpr int64_t kSecondsPerDay = 86'400;
  INGLE_TRY(Ledger* const book, state_->book());
  const int64_t now = state_->options.now_unix();
  return book->spent_since(now - now % kSecondsPerDay);
}

Result<std::string> Routing::decisions_json(uint32_t limit, std::string_view before) const {
  INGLE_TRY(const auto list, decisions(limit, before));
  return decisions_to_json(list);
}

Result<std::string> Routing::explain_json(std::string_view request_id) const {
  INGLE_TRY(const Decision decision, explain(request_id));
  return decision_to_json(decision);
}

Result<std::string> Routing::egress_json(uint32_t limit) const {
  INGLE_TRY(Ledger* const book, state_->book());
  INGLE_TRY(const auto left, book->egress(limit));
  INGLE_TRY(const EgressTotals totals, book->totals());
  return egress_to_json(left, totals);
}

std::string Routing::policy_json() const {
  const PolicyStatus status = policy();
  const Json json = {{"present", status.present},
                     {"path", status.path},
                     {"provider", status.provider.empty() ? Json(nullptr) : Json(status.provider)},
                     {"cloud_possible", status.cloud_possible},
                     {"text", status.text},
                     {"problems", status.problems}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string Routing::offline_json() const {
  const OfflineSwitch& offline = state_->options.offline;
  return Json{{"offline", offline.on()}, {"by_setting", offline.by_setting()}}.dump();
}

}  // namespace ingle::router
