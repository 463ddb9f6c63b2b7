#include "app/app.h"

namespace ingle::app {

Result<App> App::create(const EnvLookup& env) {
  INGLE_TRY(Settings settings, Settings::resolve(env));
  return App(std::move(settings));
}

}  // namespace ingle::app
