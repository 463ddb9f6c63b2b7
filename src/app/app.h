// App: the composition root. Builds what a command needs from the settings and the environment, and owns it.
//
// One per process, made at start by the thread of main().
#pragma once

#include "app/settings.h"
#include "base/result.h"

namespace ingle::app {

class App {
 public:
  static Result<App> create(const EnvLookup& env);

  const Settings& settings() const { return settings_; }

 private:
  explicit App(Settings settings) : settings_(std::move(settings)) {}
  Settings settings_;
};

}  // namespace ingle::app
