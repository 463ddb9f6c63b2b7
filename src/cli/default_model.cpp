#include "cli/default_model.h"

namespace ingle::cli {

Result<std::string> default_model(Context& context) {
  constexpr uint64_t kLargest = uint64_t{4} << 30;  // beyond it a document takes many minutes on a laptop
  INGLE_TRY(const std::vector<store::InstalledModel> installed, context.app->store().list());
  const store::InstalledModel* best = nullptr;
  for (const store::InstalledModel& model : installed)
    if (model.size <= kLargest && (best == nullptr || model.size > best->size)) best = &model;
  if (best != nullptr) return best->name.display();
  return std::unexpected(Error::not_found("no model is installed that this could be done with")
                             .hint("ingle pull qwen2.5-coder:1.5b, or name a model with --model"));
}

}  // namespace ingle::cli
