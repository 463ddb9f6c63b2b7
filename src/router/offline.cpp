#include "router/offline.h"

#include "base/files.h"

namespace ingle::router {

namespace fs = std::filesystem;

OfflineSwitch::OfflineSwitch(fs::path home, bool by_setting)
    : file_(std::move(home) / "offline"), by_setting_(by_setting) {}

bool OfflineSwitch::switched_on() const {
  std::error_code error;
  const fs::file_status status = fs::symlink_status(file_, error);
  return status.type() != fs::file_type::not_found;
}

Status OfflineSwitch::set(bool on) const {
  std::error_code error;
  if (on) {
    if (switched_on()) return {};
    fs::create_directories(file_.parent_path(), error);
    return base::write_file_atomic(file_, "While this file exists, nothing leaves this machine.\n", 0600);
  }
  if (by_setting_) {
    return std::unexpected(Error::refused("the setting 'offline' keeps this machine offline")
                               .hint("'ingle config' shows where it is set"));
  }
  fs::remove(file_, error);
  if (error) return std::unexpected(Error::io("cannot remove '" + file_.string() + "': " + error.message()));
  return {};
}

}  // namespace ingle::router
