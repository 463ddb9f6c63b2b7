#include "store/pull.h"

namespace ingle::store {

Result<PullReport> run_pull(const Store& store, const ModelName& name, const PullCallback&, std::stop_token) {
  INGLE_TRY(const InstalledModel model, store.find(name.display()));
  return PullReport{
      .name = model.name, .path = model.path, .digest = model.digest, .size = model.size, .already_present = true};
}

}  // namespace ingle::store
