// EgressProcess: front's process with a way out of this machine, there only while something may leave.
//
// It is started with the lock that the offline switch asks for: in offline mode it is the kernel that refuses. When the switch
// is turned on, here or by another process, an online one is killed with all that it was sending: at once by obey(), and
// within a second by the thread that looks at the switch while there is such a process. When the machine's resolver settings
// have become another file, which a locked process may not open, the next request gets a new one. Any thread.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "net/receipt.h"
#include "roles/remote_transport.h"
#include "roles/spawner.h"

namespace ingle::roles {

class EgressProcess {
 public:
  /// `offline` says how the switch stands; any thread may ask it at any time.
  EgressProcess(std::shared_ptr<Spawner> spawner, std::function<bool()> offline, const net::ReceiptKey& key,
                std::filesystem::path resolver = "/etc/resolv.conf");
  ~EgressProcess();
  EgressProcess(const EgressProcess&) = delete;
  EgressProcess& operator=(const EgressProcess&) = delete;

  /// The connection to use now; its process is started where there is none that fits.
  Result<std::shared_ptr<EgressConnection>> connection();
  /// Kills what is online if the switch is on. Requests in flight end with kUnavailable.
  void obey();

 private:
  struct Running {
    std::shared_ptr<Child> child;
    std::shared_ptr<EgressConnection> connection;
    bool offline = false;
    std::string resolver;
  };
  void watch(const std::stop_token& stop);
  void obey_locked();

  const std::shared_ptr<Spawner> spawner_;
  const std::function<bool()> offline_;
  const net::ReceiptKey key_;
  const std::filesystem::path resolver_;
  std::mutex mutex_;
  std::vector<Running> running_;  // new requests go to the last one; those before it finish what they have
  std::condition_variable_any started_;
  std::jthread watcher_;  // from the first process on
};

}  // namespace ingle::roles
