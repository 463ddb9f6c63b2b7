// The service manager that started this process, if one did: systemd's protocols for sockets that it hands over
// (sd_listen_fds(3)) and for telling it how things stand (sd_notify(3)), which are environment variables, descriptors and
// datagrams. Open both before the process locks itself, on one thread.
#pragma once

#include <optional>
#include <string_view>

#include "base/files.h"
#include "base/result.h"

namespace ingle::base {

/// The listening socket that was handed over; nothing where none was. More than one is an error.
Result<std::optional<FileDescriptor>> take_inherited_socket();

class ServiceManager {
 public:
  /// Nobody to tell is fine, and so is one who does not listen.
  static ServiceManager open();

  /// "READY=1", "RELOADING=1\nMONOTONIC_USEC=...", "STOPPING=1". Any thread.
  void tell(std::string_view state) const;
  /// For RELOADING=1, which wants the time.
  void tell_reloading() const;

 private:
  FileDescriptor socket_;
};

}  // namespace ingle::base
