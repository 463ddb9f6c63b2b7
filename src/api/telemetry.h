// Telemetry: what is counted and written down about requests, and what of it /metrics tells.
//
// Made by the composition root, which says where lines of the log go; a pointer in Services, null where nobody wants to
// know. Every function may be called from any thread. A record holds names of installed models, rows of our tables (routes,
// methods, fields), codes and numbers: nothing that stood in a request but its id and its trace, neither a value nor a name
// that a client chose, so that no prompt can reach a log.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "api/metrics.h"
#include "api/trace.h"

namespace ingle::api {

struct ScrapedModel;
struct Services;

/// One request, as it ended.
struct RequestRecord {
  std::string request_id = {};
  std::string client = {};  // id of the API token; empty: none
  std::optional<TraceContext> trace = {};
  std::string_view method = {};  // as known_method() says
  std::string_view route = {};   // pattern of the table; empty: none
  int status = 0;                // 0: nothing was answered
  bool gone = false;             // the client went away before the end
  std::string error = {};        // a stable word, "context_length_exceeded"; empty: none
  std::string field = {};        // what was wrong, in names of the route's tables: "messages[2].content"
  std::string reason = {};       // what was wrong with it, without its value
  double seconds = 0;

  std::string model = {};      // empty: none, or the request did not get that far
  uint32_t tokens_listed = 0;  // by routes that read a text and compute nothing of it

  // Of what a model computes an answer to.
  bool computes = false;
  bool stream = false;
  std::string route_taken = {};  // "local", "cloud:NAME"
  std::string_view finish = {};  // "stop", "length", ...
  uint32_t clamped_context =
      0;  // that the request got where it asked for more than the model was made for; 0: it did not
  uint32_t prompt_tokens = 0;
  uint32_t cached_tokens = 0;
  uint32_t completion_tokens = 0;
  double load_seconds = 0;
  std::optional<double> queued_seconds = {};  // nothing: its turn never came
  double first_token_seconds = 0;
  double prefill_seconds = 0;
  double decode_seconds = 0;
};

class Telemetry {
 public:
  /// `log`: takes a line of JSON without its newline, and must not block; empty: no log.
  explicit Telemetry(std::function<void(std::string)> log = {}) : log_(std::move(log)) {}
  Telemetry(const Telemetry&) = delete;
  Telemetry& operator=(const Telemetry&) = delete;

  void began() { in_flight_.add({}, 1); }
  void ended(const RequestRecord& record);
  /// Refused before there was a call: by the guard, for want of a token, or because the server has too much to do.
  struct Refusal {
    int status = 0;
    std::string_view error;   // a stable word
    std::string_view reason;  // in words; empty: the one says enough
    std::string_view method;
    std::string_view route;  // empty: nothing is known of this path
    std::string_view request_id;
  };
  void refused(const Refusal& refusal);
  /// Time from one piece of an answer to the next.
  void gap(std::string_view model, double seconds) { gap_.observe({model}, seconds); }
  /// What happened to the server: "started", "reloaded", "draining".
  void event(std::string_view name, std::initializer_list<std::pair<std::string_view, std::string_view>> fields = {});
  void model_loaded(std::string_view model, double seconds);
  void model_unloaded(std::string_view model, std::string_view why);

  /// Prometheus' text: what was counted, and what `services` say about models and this process now.
  std::string metrics_text(const Services& services);

 private:
  using Kind = MetricFamily::Kind;

  const std::function<void(std::string)> log_;
  MetricFamily requests_{"ingle_requests_total", "Requests that ended.", Kind::kCounter, {"route", "status"}};
  MetricFamily refused_{
      "ingle_refused_total", "Requests refused before they reached a route.", Kind::kCounter, {"status", "reason"}};
  MetricFamily gone_{
      "ingle_clients_gone_total", "Requests whose client went away before the end.", Kind::kCounter, {"route"}};
  MetricFamily in_flight_{"ingle_requests_in_flight", "Requests that have begun and not ended.", Kind::kGauge};
  MetricFamily seconds_{"ingle_request_seconds",
                        "From a request's arrival to the end of its answer.",
                        Kind::kHistogram,
                        {"route"},
                        kSecondsBuckets};
  MetricFamily first_token_{"ingle_time_to_first_token_seconds",
                            "From a request's arrival to its first token.",
                            Kind::kHistogram,
                            {"model"},
                            kSecondsBuckets};
  MetricFamily gap_{"ingle_inter_token_seconds",
                    "From one piece of a streamed answer to the next.",
                    Kind::kHistogram,
                    {"model"},
                    kSecondsBuckets};
  MetricFamily queued_{
      "ingle_queue_seconds", "What a request waited for its turn.", Kind::kHistogram, {"model"}, kSecondsBuckets};
  MetricFamily prompt_tokens_{"ingle_prompt_tokens_total",
                              "Tokens of prompts, computed or found in the prefix cache.",
                              Kind::kCounter,
                              {"model", "source"}};
  MetricFamily generated_{"ingle_generated_tokens_total", "Tokens of answers.", Kind::kCounter, {"model"}};
  MetricFamily finished_{"ingle_answers_total",
                         "Answers by how they ended and who gave them.",
                         Kind::kCounter,
                         {"model", "finish", "route"}};
  MetricFamily load_seconds_{
      "ingle_model_load_seconds", "Time to load a model.", Kind::kHistogram, {"model"}, kSecondsBuckets};
  MetricFamily unloaded_{
      "ingle_models_unloaded_total", "Models that were unloaded, and why.", Kind::kCounter, {"model", "reason"}};

  void write_llama(std::span<const ScrapedModel> models, std::string& text);
  // The names of llama-server's, for dashboards that know them.
  MetricFamily llama_read_{"llamacpp:prompt_tokens_total", "Tokens of prompts that were computed.", Kind::kCounter};
  MetricFamily llama_read_seconds_{"llamacpp:prompt_seconds_total", "Time in which they were.", Kind::kCounter};
  MetricFamily llama_written_{"llamacpp:tokens_predicted_total", "Tokens of answers.", Kind::kCounter};
  MetricFamily llama_written_seconds_{"llamacpp:tokens_predicted_seconds_total", "Time in which they were generated.",
                                      Kind::kCounter};
};

}  // namespace ingle::api
