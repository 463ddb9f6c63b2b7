#include "roles/jobs.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <new>

#include "roles/message.h"
#include "roles/watchdog.h"

namespace ingle::roles {
namespace {

constexpr uint8_t kJob = 1;      // kind, payload; descriptors: the files
constexpr uint8_t kAnswer = 65;  // whether it went well; the answer or the error

Error ended_early(std::string_view kind, std::string how, bool out_of_time, const JobLimits& limits) {
  if (out_of_time)
    return Error::exhausted(fmt::format("reading this {} took longer than {} seconds", kind, limits.max_wall_seconds))
        .hint("it may be damaged, or made to be slow; try a smaller part of it");
  if (how == "ended by signal 9" || how == "ended by signal 24")
    return Error::exhausted(
               fmt::format("reading this {} used more than {} seconds of processor time", kind, limits.max_cpu_seconds))
        .hint("it may be damaged, or made to be slow; try a smaller part of it");
  if (how.empty()) how = "no answer";
  return Error::unavailable(fmt::format("the process that read this {} ended before it answered ({})", kind, how))
      .hint("it is probably damaged; nothing else was harmed");
}

Outcome outcome_of(const Frame& frame) {
  MessageReader reader(frame.payload);
  const Error broken = Error::corrupt("the process that read a file gave an answer that is none");
  if (frame.type != kAnswer) return std::unexpected(broken);
  if (reader.number<bool>()) return std::string(reader.rest());
  Error error = reader.error();
  return std::unexpected(reader.done() ? std::move(error) : broken);
}

}  // namespace

Result<std::string> run_job(Spawner& spawner, std::string_view kind, std::string_view payload,
                            std::span<const base::FileDescriptor> files, const JobLimits& limits) {
  INGLE_TRY(Child child, spawner.spawn(Role::kParse, {.max_memory_bytes = limits.max_memory_bytes,
                                                      .max_cpu_seconds = limits.max_cpu_seconds}));
  Watchdog watchdog(child.channel(), std::chrono::seconds(limits.max_wall_seconds));
  Status sent = child.channel().send(kJob, MessageWriter().text(kind).rest(payload).take(), files);
  auto frame = sent ? child.channel().receive(0) : std::unexpected(std::move(sent).error());
  const bool out_of_time = watchdog.stop();
  if (frame) return outcome_of(*frame);
  if (frame.error().code() == ErrorCode::kUsage || frame.error().code() == ErrorCode::kCorrupt)
    return std::unexpected(std::move(frame).error());
  return std::unexpected(ended_early(kind, out_of_time ? "" : child.how_it_ended(), out_of_time, limits));
}

Result<std::string> run_job_here(std::span<const JobKind> kinds, std::string_view kind, std::string_view payload,
                                 std::span<const base::FileDescriptor> files) {
  const auto found = std::ranges::find(kinds, kind, &JobKind::kind);
  if (found == kinds.end())
    return std::unexpected(Error::internal("there is no job of the kind '" + std::string(kind.substr(0, 40)) + "'"));
  try {
    return found->run(payload, files);
  } catch (const std::bad_alloc&) {
    return std::unexpected(Error::exhausted(fmt::format("reading this {} needs more memory than it may have", kind))
                               .hint("it may be damaged, or made to be large; try a smaller part of it"));
  }
}

int serve_job(Channel& channel, std::span<const JobKind> kinds) {
  const auto frame = channel.receive();
  if (!frame || frame->type != kJob) return 1;
  MessageReader reader(frame->payload);
  const std::string kind = reader.text();
  const Outcome outcome = run_job_here(kinds, kind, reader.rest(), frame->descriptors);
  MessageWriter answer;
  answer.number(outcome.has_value());
  if (outcome) {
    answer.rest(*outcome);
  } else {
    answer.error(outcome.error());
  }
  const Status sent = channel.send(kAnswer, answer.take());
  if (sent) return 0;
  if (sent.error().code() != ErrorCode::kUsage) return 1;
  const Error too_long = Error::exhausted("what was read is more than one answer can hold");
  return channel.send(kAnswer, MessageWriter().number(false).error(too_long).take()) ? 0 : 1;
}

}  // namespace ingle::roles
