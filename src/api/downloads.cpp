#include "api/downloads.h"

#include <algorithm>

#include "api/answer_parts.h"
#include "api/app_keys.h"

namespace ingle::api {

Result<Download> Downloads::begin(std::string_view model) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return std::unexpected(Error::cancelled("the server is ending"));
  size_t n_running = 0;
  for (const Job& job : jobs_) {
    if (job.now.state != Download::State::kRunning) continue;
    if (job.now.model == model) return job.now;
    ++n_running;
  }
  if (n_running >= kMaxAtOnce)
    return std::unexpected(Error::exhausted(std::to_string(n_running) + " models are being pulled already")
                               .hint("ask again when one of them has arrived"));
  forget_old();
  Job& job = jobs_.emplace_back();
  job.now = {.id = "job_" + random_hex(24), .model = std::string(model), .started_unix = now_unix_()};
  job.thread = std::jthread([this, &job](const std::stop_token& stop) { run(job, stop); });
  return job.now;
}

std::optional<Download> Downloads::find(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(jobs_, id, [](const Job& job) -> const std::string& { return job.now.id; });
  return found == jobs_.end() ? std::nullopt : std::optional(found->now);
}

void Downloads::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    for (Job& job : jobs_)
      job.thread.request_stop();
  }
  for (Job& job : jobs_)  // nobody adds to them or removes from them any more
    if (job.thread.joinable()) job.thread.join();
}

void Downloads::run(Job& job, const std::stop_token& stop) {
  const std::string model = [&] {
    const std::lock_guard lock(mutex_);
    return job.now.model;
  }();
  const auto report = pull_(model, [&](const store::PullProgress& progress) { note(job, progress); }, stop);
  const std::lock_guard lock(mutex_);
  job.now.ended_unix = now_unix_();
  job.now.state = report ? Download::State::kCompleted : Download::State::kFailed;
  if (report) {
    job.now.bytes_done = job.now.bytes_total = report->size;
  } else {
    job.now.problem = message_of(Failure::from(report.error()));
  }
}

void Downloads::note(Job& job, const store::PullProgress& progress) {
  if (progress.phase != store::PullPhase::kDownloading) return;
  const auto now = std::chrono::steady_clock::now();
  const std::lock_guard lock(mutex_);
  // Another source begins anew.
  if (!job.first_bytes || progress.bytes_done < *job.first_bytes) {
    job.first_bytes = progress.bytes_done;
    job.first_at = now;
  }
  job.now.bytes_done = progress.bytes_done;
  job.now.bytes_total = progress.bytes_total;
  const double seconds = std::chrono::duration<double>(now - job.first_at).count();
  job.now.bytes_per_second = seconds > 0 ? static_cast<double>(progress.bytes_done - *job.first_bytes) / seconds : 0;
}

void Downloads::forget_old() {
  while (jobs_.size() >= kMaxRemembered) {
    const auto oldest =
        std::ranges::find_if(jobs_, [](const Job& job) { return job.now.state != Download::State::kRunning; });
    jobs_.erase(oldest);  // at most kMaxAtOnce of them run
  }
}

}  // namespace ingle::api
