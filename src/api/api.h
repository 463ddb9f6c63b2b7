// Api: the net::RequestHandler that puts guard, owner check, routes and dialects together.
//
// Owned by the composition root, together with the services it was given; used by the HTTP server's threads.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "api/access.h"
#include "api/app_keys.h"
#include "api/guard.h"
#include "api/registry.h"
#include "api/services.h"
#include "net/http_server.h"

namespace ingle::api {

class Api : public net::RequestHandler {
 public:
  Api(const Services& services, AppKeys& keys, GuardOptions guard, const AccessOptions& access = {})
      : services_(services),
        keys_(keys),
        guard_(std::make_shared<const GuardOptions>(std::move(guard))),
        access_(keys, access) {}

  /// For requests that come from now on. Any thread.
  void set_guard(GuardOptions guard) { guard_ = std::make_shared<const GuardOptions>(std::move(guard)); }

  /// Ends the answers under way for tokens that are no longer in the list, have expired or lost the scope, and forgets
  /// their responses. Any thread.
  void end_revoked();

  net::HeadVerdict on_head(const net::ServerRequest& head) override;
  void on_request(std::shared_ptr<net::Exchange> exchange) override;
  net::Reply on_overload(const net::ServerRequest& head) override;
  net::Reply on_fault(const net::ServerRequest& head, int status, std::string_view message) override;
  std::string unanswered_body(const net::ServerRequest& head) override;

  /// Requests under way.
  size_t in_flight() const;

 private:
  /// Whether this request is let in, before its body is read.
  Verdict check(const net::ServerRequest& head, const RouteMatch& match);
  std::vector<net::HttpHeader> common_headers(const net::ServerRequest& head, const std::string& request_id) const;
  net::Reply refusal(const net::ServerRequest& head, const RouteMatch& match, const Failure& failure) const;
  /// The client's id where it has one that may stand in a header and belongs to no other request, of now or of the
  /// ledger; else a new one.
  std::string take_id(const net::ServerRequest& head, const RouteMatch& match);

  const Services& services_;
  AppKeys& keys_;
  std::atomic<std::shared_ptr<const GuardOptions>> guard_;
  Access access_;
  /// Requests in flight by their ids. An engine that does not answer any more may hold one for longer than there is an Api.
  struct InFlight {
    struct Row {
      std::weak_ptr<Call> call = {};
      std::string client = {};  // the token's id
      Scope scope = Scope::kPublic;
    };
    std::mutex mutex;
    std::map<std::string, Row, std::less<>> rows;
  };
  const std::shared_ptr<InFlight> in_flight_ = std::make_shared<InFlight>();
};

}  // namespace ingle::api
