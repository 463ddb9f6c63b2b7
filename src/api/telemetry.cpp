#include "api/telemetry.h"

#include <fmt/format.h>

#include <chrono>

#include "api/json_input.h"
#include "api/services.h"
#include "base/process_usage.h"
#include "base/utc.h"

namespace ingle::api {

struct ScrapedModel {
  runtime::LoadedModel model;
  Result<chat::Stats> stats;
};

namespace {

/// Every engine is asked once: one that does not answer takes its time.
std::vector<ScrapedModel> scrape(const runtime::Models& models) {
  std::vector<ScrapedModel> scraped;
  for (runtime::LoadedModel& model : models.loaded()) {
    auto stats = models.stats(model.name);
    scraped.push_back({std::move(model), std::move(stats)});
  }
  return scraped;
}

/// RFC 3339, in UTC, with milliseconds.
std::string now_text() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  return fmt::format("{}.{:03}Z", base::utc_text(milliseconds / 1000), milliseconds % 1000);
}

double to_ms(double seconds) {
  return static_cast<double>(static_cast<int64_t>(seconds * 1e5)) / 1e2;
}

/// What nobody reads a log for: probes, scrapes and the app's own files, as long as they succeed.
bool is_noise(const RequestRecord& record) {
  return record.status < 400 && (record.route == "/health" || record.route == "/metrics" || record.route == "/*");
}

std::string line_of(const RequestRecord& record) {
  Json line = {{"time", now_text()},         {"event", "request"},    {"request_id", record.request_id},
               {"method", record.method},    {"route", record.route}, {"status", record.status},
               {"ms", to_ms(record.seconds)}};
  if (!record.client.empty()) line["client"] = record.client;
  if (record.trace) {
    line["trace_id"] = record.trace->trace_id;
    line["parent_id"] = record.trace->parent_id;
  }
  if (record.gone) line["client_gone"] = true;
  if (!record.error.empty()) line["error"] = record.error;
  if (!record.field.empty()) line["field"] = record.field;
  if (!record.reason.empty()) line["reason"] = record.reason;
  if (record.model.empty()) return to_text(line);
  line["model"] = record.model;
  if (record.tokens_listed > 0) line["tokens"] = record.tokens_listed;
  if (!record.computes) return to_text(line);
  line["stream"] = record.stream;
  if (!record.route_taken.empty()) line["answered_by"] = record.route_taken;
  if (!record.finish.empty()) line["finish"] = record.finish;
  if (record.clamped_context > 0) line["clamped_context"] = record.clamped_context;
  line["prompt_tokens"] = record.prompt_tokens;
  line["cached_tokens"] = record.cached_tokens;
  line["completion_tokens"] = record.completion_tokens;
  line["load_ms"] = to_ms(record.load_seconds);
  if (record.queued_seconds) line["queued_ms"] = to_ms(*record.queued_seconds);
  line["first_token_ms"] = to_ms(record.first_token_seconds);
  return to_text(line);
}

using Kind = MetricFamily::Kind;

void write_models(std::span<const ScrapedModel> models, std::string& text) {
  MetricFamily bytes("ingle_model_memory_bytes", "Memory that a loaded model takes.", Kind::kGauge, {"model"});
  MetricFamily in_use("ingle_model_in_use", "Requests that hold a loaded model.", Kind::kGauge, {"model"});
  MetricFamily requests("ingle_engine_requests", "Requests that an engine works on, and that wait for it.",
                        Kind::kGauge, {"model", "state"});
  MetricFamily pages("ingle_kv_pages", "Pages of the KV cache; parked ones hold prefixes that may return.",
                     Kind::kGauge, {"model", "state"});
  MetricFamily steps("ingle_engine_steps_total", "Forward passes since the model was loaded.", Kind::kCounter,
                     {"model"});
  MetricFamily rows("ingle_engine_rows_total", "Tokens in them: over steps, the size of a batch.", Kind::kCounter,
                    {"model"});
  MetricFamily drafted("ingle_drafted_tokens_total", "Tokens guessed ahead.", Kind::kCounter, {"model"});
  MetricFamily accepted("ingle_accepted_tokens_total", "Guesses that were right.", Kind::kCounter, {"model"});
  MetricFamily preemptions("ingle_preemptions_total", "Sequences that gave their pages back and began again.",
                           Kind::kCounter, {"model"});
  for (const auto& [model, stats] : models) {
    bytes.set({model.name}, static_cast<double>(model.bytes));
    in_use.set({model.name}, model.in_use);
    if (!stats) continue;
    requests.set({model.name, "running"}, stats->running);
    requests.set({model.name, "waiting"}, stats->waiting);
    pages.set({model.name, "used"}, stats->kv_pages_used);
    pages.set({model.name, "parked"}, stats->kv_pages_parked);
    pages.set({model.name, "free"}, stats->kv_pages_total - stats->kv_pages_used - stats->kv_pages_parked);
    const auto count = [&](MetricFamily& family, uint64_t n) { family.set({model.name}, static_cast<double>(n)); };
    count(steps, stats->steps);
    count(rows, stats->rows);
    count(drafted, stats->drafted_tokens);
    count(accepted, stats->accepted_tokens);
    count(preemptions, stats->preemptions);
  }
  for (const MetricFamily* family :
       {&bytes, &in_use, &requests, &pages, &steps, &rows, &drafted, &accepted, &preemptions})
    family->write(text);
}

void write_process(const Services& services, std::string& text) {
  const base::ProcessUsage usage = base::process_usage();
  MetricFamily build("ingle_build_info", "The version that runs.", Kind::kGauge, {"version"});
  build.set({services.version}, 1);
  build.write(text);
  const auto gauge = [&](std::string_view name, std::string_view help, Kind kind, double value) {
    MetricFamily family(name, help, kind);
    family.set({}, value);
    family.write(text);
  };
  gauge("process_resident_memory_bytes", "Memory of the front process.", Kind::kGauge,
        static_cast<double>(usage.resident_bytes));
  gauge("process_cpu_seconds_total", "Processor time of the front process.", Kind::kCounter, usage.cpu_seconds);
  if (usage.open_files > 0)
    gauge("process_open_fds", "Open descriptors of the front process.", Kind::kGauge,
          static_cast<double>(usage.open_files));
  gauge("process_start_time_seconds", "When the server started, in Unix time.", Kind::kGauge,
        static_cast<double>(services.started_unix));
}

}  // namespace

void Telemetry::ended(const RequestRecord& record) {
  in_flight_.add({}, -1);
  requests_.add({record.route, fmt::format("{}", record.status)});
  seconds_.observe({record.route}, record.seconds);
  if (record.gone) gone_.add({record.route});
  if (record.computes && !record.model.empty()) {
    prompt_tokens_.add({record.model, "computed"}, record.prompt_tokens - record.cached_tokens);
    prompt_tokens_.add({record.model, "cached"}, record.cached_tokens);
    generated_.add({record.model}, record.completion_tokens);
    llama_read_.add({}, record.prompt_tokens - record.cached_tokens);
    llama_read_seconds_.add({}, record.prefill_seconds);
    llama_written_.add({}, record.completion_tokens);
    llama_written_seconds_.add({}, record.decode_seconds);
    if (record.queued_seconds) queued_.observe({record.model}, *record.queued_seconds);
    if (record.first_token_seconds > 0) first_token_.observe({record.model}, record.first_token_seconds);
    finished_.add({record.model, record.finish.empty() ? "none" : record.finish, record.route_taken});
  }
  if (log_ && !is_noise(record)) log_(line_of(record));
}

void Telemetry::refused(const Refusal& refusal) {
  refused_.add({fmt::format("{}", refusal.status), refusal.error});
  if (!log_) return;
  Json line = {{"time", now_text()},       {"event", "refused"},     {"request_id", refusal.request_id},
               {"method", refusal.method}, {"route", refusal.route}, {"status", refusal.status},
               {"error", refusal.error}};
  if (!refusal.reason.empty()) line["reason"] = refusal.reason;
  log_(to_text(line));
}

void Telemetry::event(std::string_view name,
                      std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  if (!log_) return;
  Json line = {{"time", now_text()}, {"event", name}};
  for (const auto& [key, value] : fields)
    line[key] = value;
  log_(to_text(line));
}

void Telemetry::model_loaded(std::string_view model, double seconds) {
  load_seconds_.observe({model}, seconds);
  if (log_) log_(to_text({{"time", now_text()}, {"event", "model_loaded"}, {"model", model}, {"ms", to_ms(seconds)}}));
}

void Telemetry::model_unloaded(std::string_view model, std::string_view why) {
  unloaded_.add({model, why});
  if (log_) log_(to_text({{"time", now_text()}, {"event", "model_unloaded"}, {"model", model}, {"reason", why}}));
}

void Telemetry::write_llama(std::span<const ScrapedModel> models, std::string& text) {
  for (MetricFamily* family : {&llama_read_, &llama_read_seconds_, &llama_written_, &llama_written_seconds_}) {
    family->add({}, 0);  // there from the first scrape on, as there
    family->write(text);
  }
  chat::Stats sum;
  for (const auto& [model, stats] : models) {
    if (!stats) continue;
    sum.steps += stats->steps;
    sum.running += stats->running;
    sum.waiting += stats->waiting;
  }
  const auto write = [&](std::string_view name, std::string_view help, Kind kind, double value) {
    MetricFamily family(name, help, kind);
    family.set({}, value);
    family.write(text);
  };
  const auto rate = [](const MetricFamily& tokens, const MetricFamily& seconds) {
    return seconds.value({}) > 0 ? tokens.value({}) / seconds.value({}) : 0;
  };
  write("llamacpp:n_decode_total", "Forward passes of the models that are loaded.", Kind::kCounter,
        static_cast<double>(sum.steps));
  write("llamacpp:prompt_tokens_seconds", "Tokens of prompts a second, of a request.", Kind::kGauge,
        rate(llama_read_, llama_read_seconds_));
  write("llamacpp:predicted_tokens_seconds", "Tokens of answers a second, of a request.", Kind::kGauge,
        rate(llama_written_, llama_written_seconds_));
  write("llamacpp:requests_processing", "Requests that engines work on.", Kind::kGauge, sum.running);
  write("llamacpp:requests_deferred", "Requests that wait for their turn.", Kind::kGauge, sum.waiting);
}

std::string Telemetry::metrics_text(const Services& services) {
  std::string text;
  for (const MetricFamily* family : {&requests_, &refused_, &gone_, &in_flight_, &seconds_, &first_token_, &gap_,
                                     &queued_, &prompt_tokens_, &generated_, &finished_, &load_seconds_, &unloaded_})
    family->write(text);
  const std::vector<ScrapedModel> models = scrape(*services.models);
  write_models(models, text);
  write_llama(models, text);
  write_process(services, text);
  return text;
}

}  // namespace ingle::api
