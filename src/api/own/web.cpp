// The files of the web app, as they lie in the binary.
#include "api/ollama/routes.h"
#include "api/own/routes.h"
#include "api/registry.h"
#include "api/web_assets.h"

namespace ingle::api::own {
namespace {

void respond_with(Call& call, const WebAsset& asset) {
  net::Reply reply;
  reply.headers = {{"content-type", std::string(asset.content_type)},
                   {"etag", std::string(asset.etag)},
                   {"vary", "accept, accept-encoding"},
                   {"cache-control", asset.immutable ? "public, max-age=31536000, immutable" : "no-cache"},
                   {"content-security-policy", std::string(web_content_security_policy())},
                   {"x-frame-options", "DENY"}};
  if (call.request().header("if-none-match") == asset.etag) {
    reply.status = 304;
  } else if (!asset.gzip.empty() && call.request().header("accept-encoding").find("gzip") != std::string_view::npos) {
    reply.headers.push_back({"content-encoding", "gzip"});
    reply.body = asset.gzip;
  } else {
    reply.body = asset.bytes;
  }
  call.respond(std::move(reply));
}

}  // namespace

void root(const std::shared_ptr<Call>& call) {
  const bool is_browser = call->request().header("accept").find("text/html") != std::string_view::npos;
  const WebAsset* page = is_browser ? web_asset("/") : nullptr;
  if (page == nullptr) return ollama::greet(call);
  respond_with(*call, *page);
}

void web_file(const std::shared_ptr<Call>& call) {
  const WebAsset* asset = web_asset(call->request().path);
  if (asset == nullptr) return call->fail(no_such_address(call->request().path));
  respond_with(*call, *asset);
}

}  // namespace ingle::api::own
