#include "api/llama/target.h"

#include "api/inference.h"

namespace ingle::api::llama {

Answer<std::string> model_of(Call& call, const std::string& named) {
  if (!named.empty()) return named;
  const auto loaded = call.services().models->loaded();
  if (loaded.size() == 1) return loaded.front().name;
  const auto installed = call.services().list();
  if (!installed) return std::unexpected(Failure::from(installed.error()));
  if (installed->size() == 1) return installed->front().name;
  return std::unexpected(Failure::bad_field("model", installed->empty()
                                                         ? "is required, and no model is installed"
                                                         : "must name one of the models here: there are several"));
}

Answer<std::shared_ptr<chat::Completer>> acquire(Call& call, std::string& model, uint32_t context) {
  auto name = model_of(call, model);
  if (!name) return std::unexpected(std::move(name).error());
  model = *std::move(name);
  return acquire_model(call, model, {.keep_alive = {}, .context = context});
}

}  // namespace ingle::api::llama
