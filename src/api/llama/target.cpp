#include "api/llama/target.h"

#include <algorithm>
#include <span>
#include <utility>

namespace ingle::api::llama {

constexpr size_t kNamedModels = 8;  // in an error

Answer<std::string> model_of(Call& call, const std::string& named) {
  if (!named.empty() && !is_model_name(named)) return std::unexpected(Failure::no_model(named));
  if (!named.empty()) return named;
  const auto loaded = call.services().models->loaded();
  if (!loaded.empty()) return loaded.front().name;  // the last one that was used
  const auto installed = call.services().list();
  if (!installed) return std::unexpected(Failure::from(installed.error()));
  if (installed->size() == 1) return installed->front().name;
  if (installed->empty()) return std::unexpected(Failure::bad_field("model", "is required, and no model is installed"));
  std::string names;
  for (const ModelInfo& model : std::span(*installed).first(std::min(installed->size(), kNamedModels)))
    names += (names.empty() ? "" : ", ") + model.name;
  if (installed->size() > kNamedModels) names += ", ...";
  return std::unexpected(Failure::bad_field("model", "is required while none is loaded: " + names));
}

void ask(const std::shared_ptr<Call>& call, const std::string& named, const runtime::AcquireOptions& options,
         UseModel use, size_t bytes) {
  const auto name = model_of(*call, named);
  if (!name) return call->fail(name.error());
  ask_model(call, *name, options, std::move(use), bytes);
}

}  // namespace ingle::api::llama
