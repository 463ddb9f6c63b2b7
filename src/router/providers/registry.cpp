#include <algorithm>

#include "router/providers/provider.h"

namespace ingle::router {
namespace {

const ProviderKind* const kKinds[] = {
    &kOpenAi,  // POST /chat/completions, which most clouds and local servers understand
};

}  // namespace

const ProviderKind* find_provider_kind(std::string_view kind) {
  const auto found = std::ranges::find(kKinds, kind, &ProviderKind::kind);
  return found == std::end(kKinds) ? nullptr : *found;
}

}  // namespace ingle::router
