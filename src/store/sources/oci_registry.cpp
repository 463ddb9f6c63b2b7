// Ollama's registry and other OCI registries that hold GGUF layers: the manifest names the layers by digest, a blob is
// fetched by it. Protocol: OCI distribution 1.1, "Pulling manifests" and "Pulling blobs"; anonymous tokens as Docker's.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/sha256.h"
#include "store/download.h"
#include "store/sources/source.h"

namespace ingle::store {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kAccept =
    "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json";
constexpr std::string_view kDockerGguf = "application/vnd.docker.ai.gguf.v3";
constexpr uint64_t kMaxTextLayer = 1 << 20;

/// Layers that are small texts and mean something to us or to Ollama; adapters and projectors are models of their own.
constexpr std::string_view kTextLayers[] = {
    "application/vnd.ollama.image.template", "application/vnd.ollama.image.system",
    "application/vnd.ollama.image.params", "application/vnd.ollama.image.license",
    "application/vnd.ollama.image.messages"};

std::string oci_registry_title(const SourceSpec& spec, const Network&) {
  const auto name = ModelName::parse(spec.name);
  return name ? fmt::format("registry {} ({})", name->host(), name->display()) : "registry (" + spec.name + ")";
}

/// The parameter of a WWW-Authenticate challenge: realm="..." (RFC 9110, section 11.2).
std::string challenge_value(std::string_view challenge, std::string_view name) {
  const std::string key = std::string(name) + "=\"";
  const size_t at = challenge.find(key);
  if (at == std::string_view::npos) return {};
  const size_t from = at + key.size();
  const size_t to = challenge.find('"', from);
  return to == std::string_view::npos ? std::string() : std::string(challenge.substr(from, to - from));
}

class Registry {
 public:
  Registry(const net::HttpTransport& client, const ModelName& name, std::string base, const SourceContext& context)
      : client_(client), name_(name), base_(std::move(base)), context_(context) {}

  Result<Manifest> manifest() {
    INGLE_TRY(auto answer, get_small("manifests/" + name_.tag(), kMaxManifestBytes, std::string(kAccept)));
    return Manifest::parse(answer, "manifest of " + name_.display() + " at " + name_.host());
  }

  Result<std::string> text_layer(const Layer& layer) {
    INGLE_TRY(std::string bytes, get_small("blobs/" + layer.digest.text(), kMaxTextLayer, "*/*"));
    if (base::sha256_hex(std::as_bytes(std::span(bytes))) != layer.digest.hex()) {
      return std::unexpected(Error::corrupt(name_.host() + ": layer " + layer.digest.text() + " has another digest"));
    }
    return bytes;
  }

  Result<Downloaded> model(const Layer& layer, const std::filesystem::path& path) {
    INGLE_TRY(const net::Url url, url_of("blobs/" + layer.digest.text()));
    DownloadRequest download{.url = url, .headers = headers("*/*"), .path = path};
    download.size = layer.size;
    download.max_bytes = layer.size;
    download.retry_delay_ms = context_.network.retry_delay_ms;
    download.on_progress = [this](uint64_t done, uint64_t total) {
      context_.report(PullPhase::kDownloading, done, total);
    };
    return download_file(client_, download, context_.stop);
  }

 private:
  Result<net::Url> url_of(const std::string& what) const {
    return net::Url::parse(fmt::format("{}/v2/{}/{}/{}", base_, name_.space(), name_.model(), what));
  }

  std::vector<net::HttpHeader> headers(const std::string& accept) const {
    std::vector<net::HttpHeader> list = {{"Accept", accept}};
    if (!token_.empty()) list.push_back({"Authorization", "Bearer " + token_});
    return list;
  }

  Result<std::string> get_small(const std::string& what, uint64_t max_bytes, const std::string& accept) {
    INGLE_TRY(const net::Url url, url_of(what));
    const auto permit = net::EgressPermit::for_model_download(url.host);
    INGLE_TRY(auto answer,
              net::get_text(client_, {.url = url, .headers = headers(accept)}, permit, max_bytes, context_.stop));
    if (answer.head.status == 401 && token_.empty()) {
      INGLE_TRY_VOID(get_token(answer.head));
      INGLE_TRY(answer,
                net::get_text(client_, {.url = url, .headers = headers(accept)}, permit, max_bytes, context_.stop));
    }
    if (answer.head.status != 200) return std::unexpected(status_error(answer.head));
    return std::move(answer.body);
  }

  /// An anonymous token from the realm that the challenge names.
  Status get_token(const net::HttpHead& head) {
    const std::string_view challenge = head.header("www-authenticate");
    const std::string realm = challenge_value(challenge, "realm");
    if (!challenge.starts_with("Bearer ") || realm.empty()) return std::unexpected(status_error(head));
    std::string query;
    for (const char* field : {"service", "scope"}) {
      const std::string value = challenge_value(challenge, field);
      if (!value.empty()) query += fmt::format("{}{}={}", query.empty() ? "?" : "&", field, value);
    }
    INGLE_TRY(const net::Url url, net::Url::parse(realm + query));
    if (url.scheme != "https" && !url.is_loopback()) {
      return std::unexpected(Error::refused(name_.host() + ": wants a login over plain http"));
    }
    INGLE_TRY(const auto answer, net::get_text(client_, {.url = url}, net::EgressPermit::for_model_download(url.host),
                                               kMaxManifestBytes, context_.stop));
    if (answer.head.status != 200) return std::unexpected(status_error(answer.head));
    const Json json = Json::parse(answer.body, nullptr, false);
    for (const char* field : {"token", "access_token"}) {
      if (json.is_object() && json.contains(field) && json[field].is_string()) token_ = json[field].get<std::string>();
    }
    if (token_.empty()) return std::unexpected(Error::corrupt(url.text() + ": the answer holds no token"));
    return {};
  }

  const net::HttpTransport& client_;
  const ModelName& name_;
  std::string base_;
  const SourceContext& context_;
  std::string token_;
};

Result<Fetched> fetch_oci_registry(const SourceSpec& spec, const SourceContext& context) {
  INGLE_TRY(const ModelName name, ModelName::parse(spec.name));
  INGLE_TRY(const auto client, make_transport(context.network));
  INGLE_TRY(const net::Url host, net::Url::parse("http://" + name.host()));
  Registry registry(*client, name, (host.is_loopback() ? "http://" : "https://") + name.host(), context);
  INGLE_TRY(const Manifest manifest, registry.manifest());
  const Layer* model = manifest.find(kModelLayer);
  if (model == nullptr) model = manifest.find(kDockerGguf);
  if (model == nullptr) return std::unexpected(Error::unsupported(name.display() + " has no GGUF layer there"));
  if (!context.digest.empty() && model->digest != context.digest) {
    return std::unexpected(Error::corrupt(fmt::format("the file there is another one: {}, the catalog pins {}",
                                                      model->digest.text(), context.digest.text())));
  }
  Fetched fetched{context.folder / (model->digest.hex() + ".gguf"), model->digest, 0, 0, {}};
  for (const Layer& layer : manifest.layers) {
    if (std::ranges::find(kTextLayers, layer.media_type) == std::end(kTextLayers)) continue;
    INGLE_TRY(std::string bytes, registry.text_layer(layer));
    fetched.bytes_downloaded += bytes.size();
    fetched.layers.push_back({layer.media_type, std::move(bytes)});
  }
  INGLE_TRY(const Downloaded done, registry.model(*model, fetched.file));
  fetched.bytes_downloaded += done.from_network;
  fetched.bytes_resumed = done.resumed;
  return fetched;
}

}  // namespace

const SourceKind kRegistrySource{"registry", oci_registry_title, fetch_oci_registry, true};

}  // namespace ingle::store
