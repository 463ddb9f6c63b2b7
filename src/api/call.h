// Call: one request on its way through the API, and Route: a row of the table that says who answers it.
//
// A Call is shared by whoever still has to answer: a worker, then the thread of an engine. respond(), fail() and the
// stream may be used from any thread, by one at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/failure.h"
#include "api/fields.h"
#include "api/services.h"
#include "api/telemetry.h"
#include "net/http_server.h"

namespace ingle::api {

class AppKeys;

/// Whose form answers and errors have.
enum class Dialect : uint8_t { kOpenAi, kOllama, kAnthropic, kLlama, kLmStudio, kOwn };

/// What a caller needs to be allowed: the table is in access.h.
enum class Scope : uint8_t { kPublic, kLists, kInference, kManage, kOwner };

enum class BodyKind : uint8_t { kNone, kJson, kMultipart, kBytes };

class Call;

struct Route {
  std::string_view method;   // GET also answers HEAD
  std::string_view pattern;  // a path; "/a/*": the star is everything behind; "/a/*/b": one segment
  Dialect dialect;
  Scope scope;
  net::Lane lane;
  BodyKind body;
  uint64_t max_body_bytes;
  void (*handle)(const std::shared_ptr<Call>& call);  // null: 501, and `about` says why
  // For COMPAT.md and the OpenAPI document:
  std::string_view about = {};             // one line: what it is for
  const FieldTable* fields = nullptr;      // of the body
  const FieldTable* answer = nullptr;      // of the JSON that it answers with
  const FieldTable* parameters = nullptr;  // of the query
  /// Who takes the body, where it does not come as a whole. From an event thread: quick. `allowed`: whether more of it is
  /// taken from who sends it.
  std::shared_ptr<net::BodyReceiver> (*receive)(const Services& services, const net::ServerRequest& head,
                                                std::string_view rest, std::function<Answer<void>()> allowed) = nullptr;
  bool lists = false;  // it answers with a list of what `answer` describes
};

/// Who asks.
struct Caller {
  std::string client = {};  // the id of the API token; empty without one
  bool may_manage = true;
};

class Call {
 public:
  Call(std::shared_ptr<net::Exchange> exchange, const Route& route, std::string rest, std::string request_id,
       Caller caller, const Services& services, AppKeys& keys, std::vector<net::HttpHeader> headers);
  /// Tells Services::telemetry how it ended.
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  net::ServerRequest& request() { return exchange_->request(); }
  net::Exchange& exchange() { return *exchange_; }
  const Services& services() const { return services_; }
  AppKeys& keys() { return keys_; }
  const std::string& request_id() const { return request_id_; }
  /// The id of the API token that asked; empty without one. What clients must not share is kept apart by it.
  const std::string& client() const { return caller_.client; }
  /// Whether they may do what manage is for; a chat's request may also ask for less of it (keep_alive).
  bool may_manage() const { return caller_.may_manage; }
  /// What the log and /metrics will say; whoever answers fills it in.
  RequestRecord& record() { return record_; }
  /// Null where nobody counts.
  Telemetry* telemetry() const { return telemetry_.get(); }
  /// What the star of the route's pattern stands for.
  const std::string& rest() const { return rest_; }
  /// Whose form its answer has.
  Dialect dialect() const { return dialect_; }
  /// Value of a field of the query, percent-decoded; empty when absent.
  std::string query(std::string_view name) const;
  /// Refuses the fields of the query that the route's table refuses, and names those that it does not have.
  Answer<void> check_query();

  void add_header(std::string name, std::string value) { headers_.push_back({std::move(name), std::move(value)}); }
  /// In X-Ingle-Ignored, each once.
  void name_ignored(std::span<const std::string> fields);

  /// The request has its prompt cut to what fits: no error advises it.
  void note_cut() { is_cut_ = true; }

  void respond(net::Reply reply);
  void respond_json(std::string body) { respond(json_reply(200, std::move(body))); }
  void fail(const Failure& failure);
  /// A failure in the words of this request's fields; fail() does so itself.
  Failure worded(Failure failure) const;
  void fail(Error error) { fail(Failure::from(std::move(error))); }
  /// Ends it before its time, because whoever asked may ask no longer: as on_end() said, else by cutting its connection.
  /// Any thread.
  void end(const Failure& why);
  /// Has to answer with the error, or end the stream with it; false: it cannot. Any thread.
  void on_end(std::function<bool(const Failure& why)> callback);
  void start_stream(std::string_view content_type, std::string first);

  static net::Reply json_reply(int status, std::string body);
  /// A failure in the dialect's form, with what it says to clients that would ask again.
  static net::Reply failure_reply(Dialect dialect, const Failure& failure, std::string_view request_id);

 private:
  net::Reply complete(net::Reply reply);

  const std::shared_ptr<net::Exchange> exchange_;
  const Route& route_;
  const Dialect dialect_;
  const std::string rest_;
  const std::string request_id_;
  const Caller caller_;
  const Services& services_;
  AppKeys& keys_;
  std::vector<net::HttpHeader> headers_;
  std::vector<std::string> ignored_;
  bool is_cut_ = false;
  const std::shared_ptr<Telemetry> telemetry_;  // an engine may hold a call for longer than there are services
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  RequestRecord record_;
  std::mutex end_mutex_;
  std::function<bool(const Failure& why)> on_end_;
};

/// The body of an error in a dialect's own form.
std::string error_body(Dialect dialect, const Failure& failure, std::string_view request_id);

/// Overload has another status in some dialects.
int status_in(Dialect dialect, const Failure& failure);

/// A Result's value, or nothing after it was answered with its error.
template <typename T>
bool failed(Call& call, const Result<T>& result) {
  if (result) return false;
  call.fail(result.error());
  return true;
}

}  // namespace ingle::api
