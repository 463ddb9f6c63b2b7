#include "api/api.h"

#include <algorithm>

#include "api/limits.h"
#include "api/own/routes.h"

namespace ingle::api {
namespace {

bool is_request_id(std::string_view id) {
  return !id.empty() && id.size() <= kMaxRequestIdBytes && std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  });
}

std::string new_id() {
  return "req_" + random_hex(12);
}

ErrorCode code_of(int status) {
  if (status == 404 || status == 405) return ErrorCode::kNotFound;
  if (status == 503 || status == 408) return ErrorCode::kUnavailable;
  return status < 500 ? ErrorCode::kUsage : ErrorCode::kInternal;
}

Failure no_longer_allowed() {
  return {.status = 401,
          .code = "invalid_api_key",
          .error = Error::refused("the token of this request was revoked, has expired or lost its scope")
                       .hint("'ingle token create' makes a new one")};
}

}  // namespace

Verdict Api::check(const net::ServerRequest& head, const RouteMatch& match) {
  if (auto failure = check_request(head, match.route, *guard_.load())) return {.failure = std::move(failure)};
  // A browser asks so before it sends a key.
  if (head.method == "OPTIONS" && !match.allowed.empty()) return {};
  Verdict verdict = access_.check(head, match.route, services_.now_unix());
  if (verdict.failure) return verdict;
  if (match.route != nullptr && match.route->handle == nullptr)
    return {.failure = Failure::not_served(match.route->about)};
  if (match.route != nullptr) return verdict;
  if (match.allowed.empty()) return {.failure = no_such_address(head.path)};
  return {.failure = Failure{
              .status = 405,
              .reason = "this address takes " + match.allowed,
              .error = Error::usage("this address does not take " + head.method).hint("it takes " + match.allowed)}};
}

std::vector<net::HttpHeader> Api::common_headers(const net::ServerRequest& head, const std::string& request_id) const {
  std::vector<net::HttpHeader> headers = {{"server", "ingle/" + services_.version},
                                          {"x-request-id", request_id},
                                          {"x-content-type-options", "nosniff"},
                                          {"referrer-policy", "no-referrer"},
                                          {"cross-origin-resource-policy", "same-origin"}};
  if (std::string origin = allowed_origin(head, *guard_.load()); !origin.empty()) {
    headers.back().value = "cross-origin";
    headers.push_back({"access-control-allow-origin", std::move(origin)});
    headers.push_back({"access-control-expose-headers",
                       "retry-after, request-id, traceparent, x-request-id, x-ingle-context, x-ingle-ignored, "
                       "x-ingle-keep-alive, x-ingle-refused, x-ingle-route, x-ingle-truncated"});
    headers.push_back({"vary", "origin"});
  }
  return headers;
}

net::Reply Api::refusal(const net::ServerRequest& head, const RouteMatch& match, const Failure& failure) const {
  const std::string given(head.header("x-request-id"));
  const std::string id = is_request_id(given) ? given : new_id();
  const Dialect dialect = dialect_of(head, match.dialect);
  if (services_.telemetry)
    services_.telemetry->refused({.status = status_in(dialect, failure),
                                  .error = failure.word(),
                                  .reason = failure.reason,
                                  .method = known_method(head.method),
                                  .route = match.pattern,
                                  .request_id = id});
  net::Reply reply = Call::failure_reply(dialect, failure, id);
  for (net::HttpHeader& header : common_headers(head, id))
    reply.headers.push_back(std::move(header));
  if (failure.status == 405) reply.headers.push_back({"allow", match.allowed});
  if (failure.status == 401) reply.headers.push_back({"www-authenticate", "Bearer realm=\"ingle\""});
  return reply;
}

net::HeadVerdict Api::on_head(const net::ServerRequest& head) {
  const RouteMatch match = find_route(head.method, head.path);
  Verdict verdict = check(head, match);
  if (const auto& failure = verdict.failure) {
    return {.refusal = refusal(head, match, *failure)};
  }
  if (head.method == "OPTIONS") {
    net::Reply reply{.status = 204, .headers = common_headers(head, new_id())};
    reply.headers.push_back({"allow", match.allowed});
    if (!allowed_origin(head, *guard_.load()).empty()) {
      reply.headers.push_back({"access-control-allow-methods", match.allowed});
      // Whatever the page's library sends besides: a header carries no rights of its own, and the origin was looked at.
      if (const auto wanted = head.header("access-control-request-headers"); !wanted.empty())
        reply.headers.push_back({"access-control-allow-headers", std::string(wanted)});
      reply.headers.push_back({"access-control-max-age", "600"});
    }
    return {.refusal = std::move(reply)};
  }
  // Clients that always send JSON send {} where there is nothing to say.
  const bool is_unused = match.route->body == BodyKind::kNone;
  net::HeadVerdict accepted{.max_body_bytes = is_unused ? kMaxUnusedBytes : match.route->max_body_bytes,
                            .lane = match.route->lane,
                            .caller = std::move(verdict.client),
                            .costs_little = match.route->method == "GET" && match.route->scope != Scope::kInference};
  if (match.route->receive != nullptr)
    accepted.receiver = match.route->receive(
        services_, head, match.rest, [this, client = accepted.caller, scope = match.route->scope]() -> Answer<void> {
          if (access_.standing(services_.now_unix()).allows(client, scope)) return {};
          return std::unexpected(no_longer_allowed());
        });
  return accepted;
}

net::Reply Api::on_overload(const net::ServerRequest& head) {
  const Failure failure{
      .status = 429,
      .code = std::string(kOverloaded),
      .reason = "more requests wait than this server takes",
      .error = Error::exhausted("more requests wait than this server takes").hint("ask again in a moment")};
  return refusal(head, find_route(head.method, head.path), failure);
}

std::string Api::take_id(const net::ServerRequest& head, const RouteMatch& match) {
  std::string given(head.header("x-request-id"));
  // Only inference writes to the ledger, under its id: a second request of that id would replace what the first did.
  const bool is_free = is_request_id(given) && (match.route->scope != Scope::kInference ||
                                                !services_.is_known_request || !services_.is_known_request(given));
  const std::lock_guard lock(in_flight_->mutex);
  if (is_free && in_flight_->rows.try_emplace(given).second) return given;
  std::string id = new_id();
  in_flight_->rows.try_emplace(id);
  return id;
}

void Api::on_request(std::shared_ptr<net::Exchange> exchange) {
  RouteMatch match = find_route(exchange->request().method, exchange->request().path);
  const std::string id = take_id(exchange->request(), match);
  const std::string client = exchange->request().caller;
  const bool may_manage = client.empty() || access_.standing(services_.now_unix()).allows(client, Scope::kManage);
  auto headers = common_headers(exchange->request(), id);
  // Shared by the worker and the model that answers; its id is free again when both have let go.
  const std::shared_ptr<Call> call(new Call(std::move(exchange), *match.route, std::move(match.rest), id,
                                            {client, may_manage}, services_, keys_, std::move(headers)),
                                   [in_flight = in_flight_, id](Call* ended) {
                                     delete ended;
                                     const std::lock_guard lock(in_flight->mutex);
                                     in_flight->rows.erase(id);
                                   });
  if (!client.empty()) {
    const std::lock_guard lock(in_flight_->mutex);
    in_flight_->rows[id] = {.call = call, .client = client, .scope = match.route->scope};
  }
  if (const auto checked = call->check_query(); !checked) return call->fail(checked.error());
  match.route->handle(call);
}

size_t Api::in_flight() const {
  const std::lock_guard lock(in_flight_->mutex);
  return in_flight_->rows.size();
}

void Api::end_revoked() {
  const Access::Standing standing = access_.standing(services_.now_unix());
  services_.responses->forget_clients(
      [&](std::string_view client) { return standing.allows(client, Scope::kInference); });
  services_.models->forget_clients([&](std::string_view client) { return standing.allows(client, Scope::kLists); });
  std::vector<std::shared_ptr<Call>> ended;  // outlives the lock: dropping the last one takes it again
  {
    const std::lock_guard lock(in_flight_->mutex);
    for (const auto& [id, row] : in_flight_->rows) {
      if (standing.allows(row.client, row.scope)) continue;
      if (auto call = row.call.lock()) ended.push_back(std::move(call));
    }
  }
  for (const auto& call : ended)
    call->end(no_longer_allowed());
}

net::Reply Api::on_fault(const net::ServerRequest& head, int status, std::string_view message) {
  const Failure failure{
      .status = status, .reason = std::string(message), .error = Error(code_of(status), std::string(message))};
  return refusal(head, find_route(head.method, head.path), failure);
}

std::string Api::unanswered_body(const net::ServerRequest& head) {
  const Failure failure{.status = 500, .error = Error::internal("the request was not answered")};
  return error_body(dialect_of(head, find_route(head.method, head.path).dialect), failure, "");
}

}  // namespace ingle::api
