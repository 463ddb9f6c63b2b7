#include "api/call.h"

#include <algorithm>

#include "api/anthropic/encode.h"
#include "api/json_input.h"
#include "api/llama/encode.h"
#include "api/lmstudio/encode.h"
#include "api/ollama/encode.h"
#include "api/openai/encode.h"
#include "api/registry.h"
#include "api/wording.h"
#include "net/url.h"

namespace ingle::api {
namespace {

constexpr int kClientGone = 499;  // whatever was answered to nobody; the number is nginx's

std::string own_error(const Failure& failure, std::string_view request_id) {
  Json error = {{"message", failure.error.message()},
                {"hint", failure.error.hint()},
                {"type", base::to_string(failure.error.code())},
                {"request_id", request_id}};
  if (!failure.param.empty()) error["param"] = failure.param;
  if (!failure.code.empty()) error["code"] = failure.code;
  return to_text(Json{{"error", std::move(error)}});
}

struct QueryField {
  std::string name;  // of a list without its brackets
  std::string value;
};

std::vector<QueryField> fields_of(std::string_view query) {
  std::vector<QueryField> fields;
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view field = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const size_t equals = std::min(field.find('='), field.size());
    std::string name = net::percent_decode(field.substr(0, equals));
    if (name.ends_with("[]")) name.resize(name.size() - 2);
    std::string value(equals < field.size() ? field.substr(equals + 1) : std::string_view());
    std::ranges::replace(value, '+', ' ');
    if (!name.empty()) fields.push_back({std::move(name), net::percent_decode(value)});
  }
  return fields;
}

std::string list_of(std::span<const std::string> fields) {
  constexpr size_t kMaxList = 1000;  // proxies have room for few kilobytes of headers
  std::string list;
  for (const std::string& field : fields) {
    if (list.size() + field.size() > kMaxList) return list + ", ...";
    list += (list.empty() ? "" : ", ") + field;
  }
  return list;
}

}  // namespace

// Clients of Ollama know a full queue by its 503, those of Anthropic by its 529; both ask again, as on 429.
int status_in(Dialect dialect, const Failure& failure) {
  if (!failure.is_overload()) return failure.status;
  switch (dialect) {
    case Dialect::kOllama:
      return 503;
    case Dialect::kAnthropic:
      return 529;
    case Dialect::kOpenAi:
    case Dialect::kLlama:
    case Dialect::kLmStudio:
    case Dialect::kOwn:
      break;
  }
  return failure.status;
}

std::string error_body(Dialect dialect, const Failure& failure, std::string_view request_id) {
  switch (dialect) {
    case Dialect::kOpenAi:
      return openai::encode_error(failure);
    case Dialect::kOllama:
      return ollama::encode_error(failure);
    case Dialect::kAnthropic:
      return anthropic::encode_error(failure, request_id);
    case Dialect::kLlama:
      return llama::encode_error(failure);
    case Dialect::kLmStudio:
      return lmstudio::encode_error(failure);
    case Dialect::kOwn:
      break;
  }
  return own_error(failure, request_id);
}

Call::Call(std::shared_ptr<net::Exchange> exchange, const Route& route, std::string rest, std::string request_id,
           Caller caller, const Services& services, AppKeys& keys, std::vector<net::HttpHeader> headers)
    : exchange_(std::move(exchange)),
      route_(route),
      dialect_(dialect_of(exchange_->request(), route.dialect)),
      rest_(std::move(rest)),
      request_id_(std::move(request_id)),
      caller_(std::move(caller)),
      services_(services),
      keys_(keys),
      headers_(std::move(headers)),
      telemetry_(services.telemetry),
      record_{.request_id = request_id_,
              .client = caller_.client,
              .method = known_method(exchange_->request().method),
              .route = route.pattern} {
  record_.trace = parse_traceparent(exchange_->request().header("traceparent"));
  if (record_.trace) add_header("traceparent", to_traceparent(*record_.trace));
  if (telemetry_) telemetry_->began();
}

Call::~Call() {
  if (!telemetry_) return;
  const std::string_view cut_because = exchange_->cut_because();
  record_.gone = exchange_->gone() && cut_because.empty();
  if (record_.gone) record_.status = kClientGone;
  if (record_.error.empty()) record_.error = cut_because;
  record_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  telemetry_->ended(record_);
}

std::string Call::query(std::string_view name) const {
  const auto fields = fields_of(exchange_->request().query);
  const auto found = std::ranges::find(fields, name, &QueryField::name);
  return found == fields.end() ? std::string() : found->value;
}

Answer<void> Call::check_query() {
  if (route_.parameters == nullptr) return {};
  Json given = Json::object();
  for (QueryField& field : fields_of(exchange_->request().query))
    given.emplace(std::move(field.name), std::move(field.value));
  ReadNotes notes;
  const ObjectReader reader(given, "", notes, *route_.parameters);
  if (notes.fault) return std::unexpected(*std::move(notes.fault));
  name_ignored(notes.ignored);
  return {};
}

void Call::name_ignored(std::span<const std::string> fields) {
  for (const std::string& field : fields)
    if (std::ranges::find(ignored_, field) == ignored_.end()) ignored_.push_back(field);
}

net::Reply Call::json_reply(int status, std::string body) {
  return {.status = status,
          .headers = {{"content-type", "application/json; charset=utf-8"}, {"cache-control", "no-store"}},
          .body = std::move(body)};
}

net::Reply Call::failure_reply(Dialect dialect, const Failure& failure, std::string_view request_id) {
  const int status = status_in(dialect, failure);
  net::Reply reply = json_reply(status, error_body(dialect, failure, request_id));
  if (status == 429 || status == 503 || status == 529) reply.headers.push_back({"retry-after", "1"});
  // OpenAI's and Anthropic's clients ask again after every 5xx that does not say so.
  if (status == 501) reply.headers.push_back({"x-should-retry", "false"});
  return reply;
}

net::Reply Call::complete(net::Reply reply) {
  record_.status = reply.status;
  for (const net::HttpHeader& header : headers_)
    reply.headers.push_back(header);
  if (!ignored_.empty()) reply.headers.push_back({"x-ingle-ignored", list_of(ignored_)});
  return reply;
}

void Call::respond(net::Reply reply) {
  exchange_->respond(complete(std::move(reply)));
}

Failure Call::worded(Failure failure) const {
  return in_words_of(route_.fields, std::move(failure), is_cut_);
}

void Call::fail(const Failure& as_told) {
  const Failure failure = worded(as_told);
  record_.error = failure.word();
  record_.field = known_path(route_.fields, failure.param);
  if (record_.field.empty()) record_.field = known_path(route_.parameters, failure.param);
  record_.reason = failure.reason;
  respond(failure_reply(dialect_, failure, request_id_));
}

void Call::on_end(std::function<bool(const Failure& why)> callback) {
  const std::lock_guard lock(end_mutex_);
  on_end_ = std::move(callback);
}

void Call::end(const Failure& why) {
  std::function<bool(const Failure&)> callback;
  {
    const std::lock_guard lock(end_mutex_);
    callback = on_end_;
  }
  if (!callback || !callback(why)) exchange_->cut("revoked");
}

void Call::start_stream(std::string_view content_type, std::string first) {
  exchange_->start_stream(complete({.headers = {{"content-type", std::string(content_type)},
                                                {"cache-control", "no-store"},
                                                {"x-accel-buffering", "no"}},
                                    .body = std::move(first)}));
}

}  // namespace ingle::api
