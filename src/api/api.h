// Api: the net::RequestHandler that puts guard, owner check, routes and dialects together.
//
// Owned by the composition root, together with the services it was given; used by the HTTP server's threads.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "api/app_keys.h"
#include "api/guard.h"
#include "api/registry.h"
#include "api/services.h"
#include "net/http_server.h"

namespace ingle::api {

class Api : public net::RequestHandler {
 public:
  Api(const Services& services, AppKeys& keys, GuardOptions guard)
      : services_(services), keys_(keys), guard_(std::move(guard)) {}

  net::HeadVerdict on_head(const net::ServerRequest& head) override;
  void on_request(std::shared_ptr<net::Exchange> exchange) override;
  std::string error_body(const net::ServerRequest* head, int status, std::string_view message) override;

 private:
  /// Why this request is not let in, before its body is read.
  std::optional<Failure> check(const net::ServerRequest& head, const RouteMatch& match) const;
  std::vector<net::HttpHeader> common_headers(const net::ServerRequest& head, const std::string& request_id) const;
  net::Reply refusal(const net::ServerRequest& head, const RouteMatch& match, const Failure& failure) const;
  /// The client's id where it has one that may stand in a header and belongs to no other request, of now or of the
  /// ledger; else a new one.
  std::string take_id(const net::ServerRequest& head, const RouteMatch& match);

  const Services& services_;
  AppKeys& keys_;
  const GuardOptions guard_;
  /// Of requests in flight. An engine that does not answer any more may hold one for longer than there is an Api.
  struct Ids {
    std::mutex mutex;
    std::set<std::string, std::less<>> taken;
  };
  const std::shared_ptr<Ids> ids_ = std::make_shared<Ids>();
};

}  // namespace ingle::api
