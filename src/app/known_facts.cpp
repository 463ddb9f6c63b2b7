#include "app/known_facts.h"

namespace ingle::app {
namespace {

constexpr size_t kMaxKnown = 4096;
/// A crash or a limit may have been bad luck: it is tried again after this.
constexpr std::chrono::minutes kErrorsHold{5};

}  // namespace

Result<roles::ModelFacts> KnownFacts::get(const std::string& identity,
                                          const std::function<Result<roles::ModelFacts>()>& read) {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !being_read_.contains(identity); });
    if (const auto found = known_.find(identity); found != known_.end() && now_() < found->second.until)
      return found->second.facts;
    being_read_.insert(identity);
  }
  Result<roles::ModelFacts> facts = read();
  const std::lock_guard lock(mutex_);
  being_read_.erase(identity);
  changed_.notify_all();
  // That no process could be started says nothing about the file.
  if (!facts && facts.error().code() == ErrorCode::kIo) return facts;
  if (known_.size() >= kMaxKnown) known_.clear();
  const auto until = facts ? Clock::time_point::max() : now_() + kErrorsHold;
  known_.insert_or_assign(identity, Known{.facts = facts, .until = until});
  return facts;
}

}  // namespace ingle::app
