#include "runtime/second_chance.h"

#include <future>
#include <optional>
#include <utility>

#include "chat/bytes.h"

namespace ingle::runtime {
namespace {

constexpr size_t kMostBytes = size_t{64} << 20;  // of requests that are kept

/// What continues a kept sequence needs the engine that keeps it.
bool may_begin_anew(const chat::CompleteRequest& request) {
  return request.continue_from.empty();
}
bool may_begin_anew(const chat::EmbedRequest& /*request*/) {
  return true;
}

Status hand_over(chat::Completer& model, chat::CompleteRequest request, chat::EventSink sink) {
  return model.complete(std::move(request), std::move(sink));
}
Status hand_over(chat::Completer& model, chat::EmbedRequest request, chat::EventSink sink) {
  return model.embed(std::move(request), std::move(sink));
}

bool is_death(const Error& error, const Lease& lease) {
  return error.code() == ErrorCode::kUnavailable && !lease.alive();
}

}  // namespace

void Reviver::post(const std::string& model, Task task) {
  {
    const std::lock_guard lock(lines_mutex_);
    if (!stopped_) {
      Line& line = lines_[model];
      line.tasks.push_back(std::move(task));
      arrived_.notify_all();
      if (!line.thread.joinable()) line.thread = std::thread([this, &line] { run(line); });
      return;
    }
  }
  task(nullptr);
}

void Reviver::run(Line& line) {
  std::unique_lock lock(lines_mutex_);
  for (;;) {
    arrived_.wait(lock, [&] { return stopped_ || !line.tasks.empty(); });
    if (stopped_) return;
    Task task = std::move(line.tasks.front());
    line.tasks.pop_front();
    lock.unlock();
    task(&acquire_);
    task = nullptr;  // not under the lock: it may hold the last lease of a model
    lock.lock();
  }
}

void Reviver::stop() {
  decltype(lines_) lines;
  {
    const std::lock_guard lock(lines_mutex_);
    stopped_ = true;
    arrived_.notify_all();
    lines.swap(lines_);  // a line stays where it is
  }
  for (auto& [model, line] : lines) {
    line.thread.join();
    for (Task& task : line.tasks)
      task(nullptr);
  }
}

bool Reviver::take_bytes(size_t n) {
  if (bytes_.fetch_add(n) + n <= kMostBytes) return true;
  bytes_ -= n;
  return false;
}

/// A request, from its beginning to its end. Its sinks hold it.
struct SecondChance::Attempt {
  Attempt(chat::EventSink given, std::shared_ptr<Reviver> of) : sink(std::move(given)), reviver(std::move(of)) {}
  ~Attempt() { forget(); }
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;

  template <typename Request>
  void keep(const Request& asked) {
    const size_t n = chat::bytes_of(asked);
    if (!may_begin_anew(asked) || !reviver->take_bytes(n)) return;
    bytes = n;
    request = asked;
  }
  void forget() {
    request.reset();
    reviver->return_bytes(std::exchange(bytes, 0));
  }
  /// On the reviver's thread; `death` is what its client is told where there is no other engine.
  void begin_again(const std::shared_ptr<Attempt>& self, const Result<Lease>& next, const Error& death);
  bool is_cancelled() {
    const std::lock_guard lock(mutex);
    return cancelled;
  }
  void end_as_cancelled() {
    sink(chat::Finished{.reason = chat::FinishReason::kCancelled, .stop_text = {}, .usage = {}});
  }

  const chat::EventSink sink;
  const std::shared_ptr<Reviver> reviver;
  // The engine's thread, then the reviver's.
  std::optional<std::variant<chat::CompleteRequest, chat::EmbedRequest>> request;  // as long as it could begin anew
  size_t bytes = 0;

  std::mutex mutex;  // of what follows
  bool cancelled = false;
  std::shared_ptr<chat::Completer> second;
};

void SecondChance::Attempt::begin_again(const std::shared_ptr<Attempt>& self, const Result<Lease>& next,
                                        const Error& death) {
  {
    const std::lock_guard lock(mutex);
    if (next) second = next->model;
  }
  if (is_cancelled()) return end_as_cancelled();
  if (!next) return sink(chat::Failed{death});
  auto again = *std::exchange(request, std::nullopt);
  forget();
  const std::string id = std::visit([](const auto& asked) { return asked.id; }, again);
  const Status status = std::visit(
      [&](auto& asked) {
        return hand_over(*next->model, std::move(asked), [self](chat::Event event) { self->sink(std::move(event)); });
      },
      again);
  if (!status) return sink(chat::Failed{status.error()});
  // A cancel that came before the engine knew the request was lost.
  if (is_cancelled()) next->model->cancel(id);
}

Lease SecondChance::current() const {
  const std::lock_guard lock(lease_mutex_);
  return lease_;
}

template <typename Ask>
auto SecondChance::ask(Ask ask) {
  const Lease lease = current();
  auto answer = ask(*lease.model);
  if (answer || !is_death(answer.error(), lease)) return answer;
  std::promise<Result<Lease>> promise;
  auto revived = promise.get_future();
  reviver_->post(model_, [&](const Reviver::Acquire* acquire) {
    promise.set_value(acquire != nullptr ? (*acquire)(model_, options_) : std::unexpected(answer.error()));
  });
  const Result<Lease> next = revived.get();
  if (!next) return answer;
  {
    const std::lock_guard lock(lease_mutex_);
    lease_ = *next;
  }
  return ask(*next->model);
}

template <typename Request>
Status SecondChance::begin(Request request, chat::EventSink sink) {
  const Lease lease = current();
  const auto attempt = std::make_shared<Attempt>(std::move(sink), reviver_);
  attempt->keep(request);
  {
    const std::lock_guard lock(lease_mutex_);
    std::erase_if(attempts_, [](const auto& row) { return row.second.expired(); });
    attempts_.emplace_back(request.id, attempt);
  }
  const auto revive = [attempt, model = model_, options = options_](const Error& death) {
    attempt->reviver->post(model, [attempt, model, options, death](const Reviver::Acquire* acquire) {
      if (attempt->is_cancelled()) return attempt->end_as_cancelled();
      attempt->begin_again(attempt, acquire != nullptr ? (*acquire)(model, options) : std::unexpected(death), death);
    });
  };
  const Status status =
      hand_over(*lease.model, std::move(request), [attempt, revive, alive = lease.alive](chat::Event event) {
        if (std::holds_alternative<chat::Delta>(event)) attempt->forget();
        const auto* failed = std::get_if<chat::Failed>(&event);
        if (failed != nullptr && attempt->request && is_death(failed->error, {nullptr, alive}))
          return revive(failed->error);
        attempt->sink(std::move(event));
      });
  if (status || !attempt->request || !is_death(status.error(), lease)) return status;
  revive(status.error());
  return {};
}

Status SecondChance::complete(chat::CompleteRequest request, chat::EventSink sink) {
  return begin(std::move(request), std::move(sink));
}

Status SecondChance::embed(chat::EmbedRequest request, chat::EventSink sink) {
  return begin(std::move(request), std::move(sink));
}

void SecondChance::cancel(std::string_view id) {
  std::shared_ptr<Attempt> attempt;
  std::shared_ptr<chat::Completer> where;
  {
    const std::lock_guard lock(lease_mutex_);
    where = lease_.model;
    for (const auto& [known, row] : attempts_) {
      if (known == id) attempt = row.lock();
    }
  }
  if (attempt) {
    const std::lock_guard lock(attempt->mutex);
    attempt->cancelled = true;
    if (attempt->second) where = attempt->second;
  }
  where->cancel(id);
}

Result<std::string> SecondChance::render(const chat::ChatPrompt& prompt) {
  return ask([&](chat::Completer& model) { return model.render(prompt); });
}

Result<std::vector<int32_t>> SecondChance::tokenize(const chat::TokenizeRequest& request) {
  return ask([&](chat::Completer& model) { return model.tokenize(request); });
}

Result<std::string> SecondChance::detokenize(std::span<const int32_t> tokens) {
  return ask([&](chat::Completer& model) { return model.detokenize(tokens); });
}

Result<std::vector<std::string>> SecondChance::pieces(std::span<const int32_t> tokens) {
  return ask([&](chat::Completer& model) { return model.pieces(tokens); });
}

Result<std::vector<float>> SecondChance::score(const chat::ScoreRequest& request) {
  return ask([&](chat::Completer& model) { return model.score(request); });
}

Result<std::vector<std::vector<float>>> SecondChance::tag(const chat::EmbedTokens& request) {
  return ask([&](chat::Completer& model) { return model.tag(request); });
}

}  // namespace ingle::runtime
