#include "app/attach.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <set>
#include <string>
#include <vector>

#include "app/same_file.h"
#include "app/server_file.h"
#include "roles/engine_role.h"

namespace ingle::app {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostAttachments = 64;
constexpr std::chrono::milliseconds kAcceptRetry{100};  // after the system refused a descriptor or memory
constexpr std::chrono::seconds kLastAnswers{5};         // of those that were cut off
constexpr std::chrono::minutes kLoadPatience{10};       // the server says nothing of how far its load has come

/// By the process, so that a server which ends never takes away the file of the next one.
std::string file_name(pid_t pid) {
  return "attach-" + std::to_string(pid) + ".sock";
}

/// A socket's name has at most 107 bytes and a folder's may have more: it is reached through its descriptor.
std::optional<sockaddr_un> address_in(const base::FileDescriptor& folder, const std::string& name) {
  const std::string path = "/proc/self/fd/" + std::to_string(folder.get()) + "/" + name;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (!folder.valid() || path.size() >= sizeof address.sun_path) return std::nullopt;
  std::ranges::copy(path, address.sun_path);
  return address;
}

base::FileDescriptor open_folder(const fs::path& folder) {
  return base::FileDescriptor(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

base::FileDescriptor new_socket() {
  return base::FileDescriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

bool is_of_this_user(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == ::geteuid();
}

/// Sockets of servers that were killed.
void remove_stale(const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (!name.starts_with("attach-") || !name.ends_with(".sock")) continue;
    const std::string pid = name.substr(7, name.size() - 12);
    std::error_code ignored;
    if (!fs::exists("/proc/" + pid, ignored)) fs::remove(it->path(), ignored);
  }
}

/// Whether the command meant the files that the name means here: it sent them open.
bool are_same_files(std::span<const base::FileDescriptor> opened, const std::vector<fs::path>& here) {
  return std::ranges::equal(
      opened, here, [](const base::FileDescriptor& file, const fs::path& path) { return is_at(file.get(), path); });
}

/// What changes answers or what they cost; how many others there may be does not.
bool are_same_settings(const engine::Options& asked, const engine::Options& here) {
  return asked.isa == here.isa && asked.threads == here.threads && asked.reference == here.reference &&
         asked.kv_type == here.kv_type && asked.context == here.context && asked.speculate == here.speculate &&
         asked.prefill_chunk == here.prefill_chunk;
}

}  // namespace

class Tally {
 public:
  void add(int n) {
    const std::lock_guard lock(mutex_);
    count_ += static_cast<size_t>(n);
    changed_.notify_all();
  }
  size_t count() {
    const std::lock_guard lock(mutex_);
    return count_;
  }
  bool wait_until_none(std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    return changed_.wait_until(lock, deadline, [this] { return count_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t count_ = 0;
};

struct AttachServer::Attachment {
  explicit Attachment(base::FileDescriptor socket) : channel(std::move(socket)) {}
  roles::Channel channel;
  std::atomic<bool> ended = false;
  std::thread thread;
};

namespace {

/// A model of the server as one command sees it. Events take the way over a thread of its own: a command that does not
/// read must not hold up the model's. When the command is gone, so are its requests.
class Shared final : public chat::Completer {
 public:
  Shared(std::shared_ptr<chat::Completer> model, std::shared_ptr<Tally> answers)
      : model_(std::move(model)), state_(std::make_shared<State>()), teller_([this] { tell_all(); }) {
    state_->answers = std::move(answers);
  }

  ~Shared() override {
    std::set<std::string> ids;
    {
      const std::lock_guard lock(state_->mutex);
      ids = state_->in_flight;
    }
    for (const std::string& id : ids)
      model_->cancel(id);
    {
      std::unique_lock lock(state_->mutex);
      state_->changed.wait(lock, [&] { return state_->in_flight.empty(); });
      state_->ends = true;
      state_->changed.notify_all();
    }
    teller_.join();
  }

  Result<chat::Description> describe() override { return model_->describe(); }
  Result<std::string> render(const chat::ChatPrompt& prompt) override { return model_->render(prompt); }
  Result<std::vector<int32_t>> tokenize(const chat::TokenizeRequest& request) override {
    return model_->tokenize(request);
  }
  Result<std::string> detokenize(std::span<const int32_t> tokens) override { return model_->detokenize(tokens); }
  void cancel(std::string_view id) override { model_->cancel(id); }
  Result<std::vector<float>> score(const chat::ScoreRequest& request) override { return model_->score(request); }
  Result<std::vector<std::vector<float>>> tag(const chat::EmbedTokens& request) override {
    return model_->tag(request);
  }
  Result<std::string> fork(std::string_view request_id) override { return model_->fork(request_id); }
  void release(std::string_view handle) override { model_->release(handle); }
  Result<chat::Stats> stats() override { return model_->stats(); }

  Status complete(chat::CompleteRequest request, chat::EventSink sink) override {
    return begin(request.id, std::move(sink),
                 [&](chat::EventSink told) { return model_->complete(std::move(request), std::move(told)); });
  }
  Status embed(chat::EmbedRequest request, chat::EventSink sink) override {
    return begin(request.id, std::move(sink),
                 [&](chat::EventSink told) { return model_->embed(std::move(request), std::move(told)); });
  }

 private:
  struct Told {
    std::string id;
    std::shared_ptr<chat::EventSink> sink;
    chat::Event event;
  };
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    std::set<std::string> in_flight;
    std::deque<Told> told;
    bool ends = false;
    std::shared_ptr<Tally> answers;
  };

  template <typename HandOver>
  Status begin(const std::string& asked_id, chat::EventSink sink, HandOver hand_over) {
    const std::string id = asked_id;  // the request that has it goes on to the model
    {
      const std::lock_guard lock(state_->mutex);
      if (!state_->in_flight.insert(id).second)
        return std::unexpected(Error::usage("a request with the id '" + id + "' is under way"));
    }
    state_->answers->add(1);
    auto shared_sink = std::make_shared<chat::EventSink>(std::move(sink));
    Status started = hand_over([state = state_, id, shared_sink](chat::Event event) {
      const std::lock_guard lock(state->mutex);
      state->told.push_back({id, shared_sink, std::move(event)});
      state->changed.notify_all();
    });
    if (!started) finish(id);
    return started;
  }

  void finish(const std::string& id) {
    {
      const std::lock_guard lock(state_->mutex);
      state_->in_flight.erase(id);
      state_->changed.notify_all();
    }
    state_->answers->add(-1);
  }

  void tell_all() {
    for (;;) {
      Told next;
      {
        std::unique_lock lock(state_->mutex);
        state_->changed.wait(lock, [&] { return state_->ends || !state_->told.empty(); });
        if (state_->told.empty()) return;
        next = std::move(state_->told.front());
        state_->told.pop_front();
      }
      const bool last =
          std::holds_alternative<chat::Finished>(next.event) || std::holds_alternative<chat::Failed>(next.event);
      (*next.sink)(std::move(next.event));
      if (last) finish(next.id);
    }
  }

  const std::shared_ptr<chat::Completer> model_;
  const std::shared_ptr<State> state_;  // the model's events hold it too
  std::thread teller_;
};

}  // namespace

Result<AttachListener> AttachListener::open(const fs::path& home) {
  const fs::path folder = home / "run";
  std::error_code error;
  fs::create_directories(folder, error);
  remove_stale(folder);
  const std::string name = file_name(::getpid());
  const base::FileDescriptor folder_fd = open_folder(folder);
  const auto address = address_in(folder_fd, name);
  base::FileDescriptor socket = new_socket();
  if (!address || !socket.valid())
    return std::unexpected(Error::io("opening '" + (folder / name).string() + "'", errno));
  ::unlinkat(folder_fd.get(), name.c_str(), 0);  // of a process that had this number before
  const mode_t mask = ::umask(0177);             // the socket's file is this user's from its first moment on
  const int bound = ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address);
  const int code = errno;
  ::umask(mask);
  if (bound != 0 || ::listen(socket.get(), 16) != 0)
    return std::unexpected(Error::io("opening '" + (folder / name).string() + "'", bound != 0 ? code : errno));
  return AttachListener(std::move(socket), folder / name);
}

AttachListener::~AttachListener() {
  std::error_code ignored;
  if (socket_.valid()) fs::remove(path_, ignored);
}

AttachServer::AttachServer(Front& front, runtime::Models& models, std::shared_ptr<AttachListener> listener)
    : front_(front),
      models_(models),
      listener_(std::move(listener)),
      answers_(std::make_shared<Tally>()),
      served_(std::make_shared<Tally>()) {
  acceptor_ = std::thread([this] { accept_all(); });
}

AttachServer::~AttachServer() {
  drain(std::chrono::steady_clock::now());
  for (Attachment& attachment : attachments_)
    attachment.thread.join();
}

void AttachServer::accept_all() {
  for (;;) {
    base::FileDescriptor socket(::accept4(listener_->descriptor(), nullptr, nullptr, SOCK_CLOEXEC));
    std::unique_lock lock(mutex_);
    if (stopping_) return;
    if (!socket.valid()) {
      // Those who wait in the socket's queue are served when there is a descriptor or memory for them.
      stops_.wait_for(lock, kAcceptRetry, [this] { return stopping_; });
      continue;
    }
    attachments_.remove_if([](Attachment& attachment) {
      if (!attachment.ended) return false;
      attachment.thread.join();
      return true;
    });
    if (attachments_.size() >= kMostAttachments || !is_of_this_user(socket.get())) continue;
    Attachment& attachment = attachments_.emplace_back(std::move(socket));
    served_->add(1);
    attachment.thread = std::thread([this, &attachment] {
      serve(attachment.channel);
      attachment.channel.close_both();
      attachment.ended = true;
      served_->add(-1);
    });
  }
}

bool AttachServer::is_loaded(std::string_view name) const {
  return std::ranges::any_of(models_.loaded(), [&](const runtime::LoadedModel& model) { return model.name == name; });
}

void AttachServer::serve(roles::Channel& channel) {
  const auto load = [this](std::span<const base::FileDescriptor> parts, std::string_view name,
                           const engine::Options& options) -> Result<std::unique_ptr<chat::Completer>> {
    INGLE_TRY(const ModelFiles files, front_.locate(name));
    if (!files.installed || !are_same_files(parts, files.parts))
      return std::unexpected(Error::unsupported("the server has another model of this name"));
    if (options.vocabulary_only ? !is_loaded(files.name) : !are_same_settings(options, front_.engine_options()))
      return std::unexpected(Error::unsupported("the server has other settings"));
    INGLE_TRY(auto model, models_.acquire(files.name, {}));
    INGLE_TRY(const chat::Description description, model->describe());
    if (options.context != 0 && description.context_limit != options.context)
      return std::unexpected(Error::unsupported("the server has the model with another context"));
    return std::make_unique<Shared>(std::move(model), answers_);
  };
  roles::serve_engine(channel, load, [] { return Status(); });
}

size_t AttachServer::answering() const {
  return answers_->count();
}

bool AttachServer::drain(std::chrono::steady_clock::time_point deadline) {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    stops_.notify_one();
  }
  ::shutdown(listener_->descriptor(), SHUT_RDWR);  // wakes the acceptor
  if (acceptor_.joinable()) acceptor_.join();
  answers_->wait_until_none(deadline);
  for (Attachment& attachment : attachments_)
    attachment.channel.close_both();
  return served_->wait_until_none(std::chrono::steady_clock::now() + kLastAnswers);
}

base::FileDescriptor connect_to_server(const fs::path& home) {
  const auto server = find_running_server(home);
  if (!server || server->ending) return {};
  const base::FileDescriptor folder = open_folder(home / "run");
  const auto address = address_in(folder, file_name(server->pid));
  base::FileDescriptor socket = new_socket();
  if (!address || !socket.valid()) return {};
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) return {};
  return is_of_this_user(socket.get()) ? std::move(socket) : base::FileDescriptor();
}

Result<std::unique_ptr<roles::RemoteCompleter>> attach(base::FileDescriptor connection,
                                                       std::span<const base::FileDescriptor> parts,
                                                       std::string_view name, const engine::Options& options) {
  if (!connection.valid()) return std::unexpected(Error::unavailable("no server is asked"));
  const auto channel = std::make_shared<roles::Channel>(std::move(connection));
  return roles::RemoteCompleter::load({.channel = channel.get(),
                                       .owner = channel,
                                       .how_it_ended = [] { return std::string("the server has ended"); },
                                       .load_patience = kLoadPatience},
                                      parts, name, options);
}

}  // namespace ingle::app
