#include "cli/measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <numeric>
#include <optional>

namespace ingle::cli {
namespace {

/// Token ids without meaning, the same on every machine. `salt` makes prompts that share no prefix, which a cache would
/// otherwise answer (SplitMix64, Steele et al. 2014).
std::vector<int32_t> synthetic_tokens(size_t n, uint32_t n_vocab, uint64_t salt) {
  std::vector<int32_t> tokens(n);
  uint64_t state = salt * 0x9e3779b97f4a7c15U;
  for (int32_t& token : tokens) {
    state += 0x9e3779b97f4a7c15U;
    uint64_t z = state;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    token = static_cast<int32_t>((z ^ (z >> 31U)) % n_vocab);
  }
  return tokens;
}

/// Completions at the same time; the answers' usage, in the order of the prompts. A stop cancels them.
Result<std::vector<chat::Usage>> complete_all(chat::Completer& completer, std::vector<std::vector<int32_t>> prompts,
                                              uint32_t generate, const std::stop_token& stop) {
  const size_t n = prompts.size();
  struct State {
    std::mutex mutex;
    std::condition_variable ended;
    size_t running = 0;
    std::vector<chat::Usage> usages;
    std::optional<Error> error;
  };
  const auto state = std::make_shared<State>();
  state->usages.resize(prompts.size());
  state->running = prompts.size();
  for (size_t i = 0; i < prompts.size(); ++i) {
    chat::CompleteRequest request;
    request.id = fmt::format("bench-{}", i);
    request.prompt = chat::TokenPrompt{std::move(prompts[i])};
    request.sampling.temperature = 0;
    request.max_tokens = static_cast<int32_t>(generate);
    request.ignore_eos = true;
    const Status started = completer.complete(std::move(request), [state, i](const chat::Event& event) {
      const auto* finished = std::get_if<chat::Finished>(&event);
      const auto* failed = std::get_if<chat::Failed>(&event);
      if (finished == nullptr && failed == nullptr) return;
      const std::lock_guard lock(state->mutex);
      if (finished != nullptr) state->usages[i] = finished->usage;
      if (failed != nullptr) state->error = failed->error;
      --state->running;
      state->ended.notify_one();
    });
    if (!started) {
      for (size_t j = 0; j < i; ++j)
        completer.cancel(fmt::format("bench-{}", j));
      const std::lock_guard lock(state->mutex);
      state->running -= prompts.size() - i;
      state->error = started.error();
      break;
    }
  }
  {
    const std::stop_callback cancel(stop, [&completer, n] {
      for (size_t i = 0; i < n; ++i)
        completer.cancel(fmt::format("bench-{}", i));
    });
    std::unique_lock lock(state->mutex);
    state->ended.wait(lock, [&] { return state->running == 0; });
  }
  if (stop.stop_requested()) return std::unexpected(Error::cancelled("interrupted"));
  const std::lock_guard lock(state->mutex);
  if (state->error.has_value()) return std::unexpected(state->error.value());
  return std::move(state->usages);
}

Result<double> run_once(chat::Completer& completer, const SpeedTest& test, uint32_t n_vocab, uint64_t salt,
                        const std::stop_token& stop) {
  if (test.prompt > 0) {
    // The depth is the same every time, so that only the tokens after it are computed once it has been read.
    auto tokens = synthetic_tokens(test.depth, n_vocab, 1);
    const auto fresh = synthetic_tokens(test.prompt, n_vocab, salt);
    tokens.insert(tokens.end(), fresh.begin(), fresh.end());
    INGLE_TRY(const auto usages, complete_all(completer, {std::move(tokens)}, 1, stop));
    const chat::Usage& usage = usages.front();
    return (usage.prompt_tokens - usage.cached_tokens) / usage.prefill_seconds;
  }
  std::vector<std::vector<int32_t>> prompts;
  prompts.reserve(test.batch);
  for (uint32_t i = 0; i < test.batch; ++i)
    prompts.push_back(synthetic_tokens(test.depth + 1, n_vocab, 2 + i));
  INGLE_TRY(const auto usages, complete_all(completer, std::move(prompts), test.generate, stop));
  double tokens = 0;
  double seconds = 0;
  for (const chat::Usage& usage : usages) {
    tokens += usage.completion_tokens - 1;  // the first one belongs to the prompt
    seconds = std::max(seconds, usage.decode_seconds);
  }
  return tokens / seconds;
}

}  // namespace

std::string SpeedTest::name() const {
  std::string name = prompt > 0 ? fmt::format("pp{}", prompt) : fmt::format("tg{}", generate);
  if (batch > 1) name += fmt::format("x{}", batch);
  if (depth > 0) name += fmt::format("@d{}", depth);
  return name;
}

Result<std::vector<double>> measure_speed(chat::Completer& completer, const SpeedTest& test, uint32_t repetitions,
                                          const std::stop_token& stop) {
  INGLE_TRY(const chat::Description description, completer.describe());
  const uint64_t salt = uint64_t{test.prompt} << 32U;
  // The first run reads the depth, touches every page and fills the caches; it is not counted.
  INGLE_TRY([[maybe_unused]] const double warm_up, run_once(completer, test, description.vocab_size, salt + 1, stop));
  std::vector<double> speeds;
  for (uint32_t i = 0; i < repetitions; ++i) {
    INGLE_TRY(const double speed, run_once(completer, test, description.vocab_size, salt + 2 + i, stop));
    speeds.push_back(speed);
  }
  return speeds;
}

double mean(const std::vector<double>& values) {
  return values.empty() ? 0 : std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double standard_deviation(const std::vector<double>& values) {
  if (values.size() < 2) return 0;
  const double average = mean(values);
  double sum = 0;
  for (const double value : values)
    sum += (value - average) * (value - average);
  return std::sqrt(sum / static_cast<double>(values.size() - 1));
}

}  // namespace ingle::cli
