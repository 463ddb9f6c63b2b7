// Attaching: a command of the same user works with a model of the running server instead of one of its own, so that a loaded
// model answers at once and lies in memory once. What it gets is a chat::Completer like any other, so what it prints is the same.
//
// The way is a Unix socket in INGLE_HOME/run, which only this user can open, and over it the very protocol by which front speaks
// to its engines: the server stands where the engine would. Both ends are opened before their processes lock themselves;
// afterwards neither could make one. A command that asks for what the server does not have (another file, other
// settings) is refused and loads the model itself.
#pragma once

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <thread>

#include "app/front.h"
#include "base/files.h"
#include "base/result.h"
#include "roles/channel.h"
#include "roles/remote_completer.h"
#include "runtime/models.h"

namespace ingle::app {

/// Where a server of this home waits for commands; the file goes with the object. Before the process locks itself.
class AttachListener {
 public:
  static Result<AttachListener> open(const std::filesystem::path& home);
  AttachListener(AttachListener&&) = default;
  AttachListener& operator=(AttachListener&&) = delete;
  ~AttachListener();

  int descriptor() const { return socket_.get(); }

 private:
  AttachListener(base::FileDescriptor socket, std::filesystem::path path)
      : socket_(std::move(socket)), path_(std::move(path)) {}

  base::FileDescriptor socket_;
  std::filesystem::path path_;  // empty in what was moved from
};

/// How many of something are under way over all attachments.
class Tally;

/// Serves commands until stop() or its end, each on threads of its own. `front` and `models` outlive it.
class AttachServer {
 public:
  AttachServer(Front& front, runtime::Models& models, std::shared_ptr<AttachListener> listener);
  ~AttachServer();

  /// Answers under way.
  size_t answering() const;
  /// Lets answers under way end until `deadline`, then ends every attachment. false: one of them still waits for a model.
  bool drain(std::chrono::steady_clock::time_point deadline);

 private:
  struct Attachment;
  void accept_all();
  void serve(roles::Channel& channel);
  bool is_loaded(std::string_view name) const;

  Front& front_;
  runtime::Models& models_;
  std::shared_ptr<AttachListener> listener_;
  std::shared_ptr<Tally> answers_;  // shared with what answers
  std::shared_ptr<Tally> served_;
  std::mutex mutex_;
  std::list<Attachment> attachments_;
  bool stopping_ = false;
  std::condition_variable stops_;
  std::thread acceptor_;
};

/// A connection to the running server of this home, if there is one. Before the process locks itself.
base::FileDescriptor connect_to_server(const std::filesystem::path& home);

/// The server's own model behind these very files, loaded if need be; of one that is loaded, its vocabulary. Any error:
/// load it here.
Result<std::unique_ptr<roles::RemoteCompleter>> attach(base::FileDescriptor connection,
                                                       std::span<const base::FileDescriptor> parts,
                                                       std::string_view name, const engine::Options& options);

}  // namespace ingle::app
