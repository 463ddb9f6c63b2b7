// OfflineSwitch: whether anything may leave this machine. A file in INGLE_HOME, so that every process obeys it at once.
//
// Plain value, any thread; on() asks the file each time.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace ingle::router {

class OfflineSwitch {
 public:
  /// `by_setting`: the setting `offline` (flag, environment, config.toml) is on; the switch can then not be turned off.
  OfflineSwitch(std::filesystem::path home, bool by_setting);

  bool on() const { return by_setting_ || switched_on(); }
  bool by_setting() const { return by_setting_; }
  /// kRefused: turning off what the setting holds on.
  Status set(bool on) const;

 private:
  /// A switch that cannot be read counts as on.
  bool switched_on() const;
  std::filesystem::path file_;
  bool by_setting_;
};

}  // namespace ingle::router
