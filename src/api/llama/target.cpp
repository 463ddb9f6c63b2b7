#include "api/llama/target.h"

#include <algorithm>
#include <span>

#include "api/inference.h"

namespace ingle::api::llama {

constexpr size_t kNamedModels = 8;  // in an error

Answer<std::string> model_of(Call& call, const std::string& named) {
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

Answer<std::shared_ptr<chat::Completer>> acquire(Call& call, std::string& model,
                                                 const runtime::AcquireOptions& options) {
  auto name = model_of(call, model);
  if (!name) return std::unexpected(std::move(name).error());
  model = *std::move(name);
  return acquire_model(call, model, options);
}

void ask(const std::shared_ptr<Call>& call, const std::string& model,
         std::function<void(chat::Completer& model)> work) {
  seated(call, model, [call, name = model, work = std::move(work)]() mutable {
    const auto lease = acquire(*call, name);
    if (!lease) return call->fail(lease.error());
    work(**lease);
  });
}

}  // namespace ingle::api::llama
