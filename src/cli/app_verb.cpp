// `ingle app`, `ingle ps` and `ingle stop`: the verbs that talk to a server of this installation. They work on nothing but
// its answers, and need what a locked process has not: a connection to loopback, and starting a server or a browser.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "api/app_keys.h"
#include "app/server.h"
#include "base/utc.h"
#include "cli/json_writer.h"
#include "cli/table.h"
#include "cli/verb.h"
#include "net/loopback.h"

namespace ingle::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr int kStartMs = 30'000;
constexpr int kStopMs = 40'000;
constexpr int kLookAgainMs = 50;

/// The server of this home, if it answers.
std::optional<app::RunningServer> running_server(const fs::path& home) {
  auto server = app::find_running_server(home);
  if (!server) return std::nullopt;
  const auto answer = net::ask_loopback(server->address, {.target = "/health", .tls_sha256 = server->tls_sha256});
  if (!answer || !answer->server.starts_with("ingle")) return std::nullopt;
  return server;
}

int64_t now_unix() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// What the owner may do with this run of the server. The key stays here: whoever answers gets words that are of use once.
Result<api::AppKeys> keys_for(const fs::path& home, const app::RunningServer& server) {
  INGLE_TRY(api::AppKeys keys, api::AppKeys::open(home));
  keys.set_instance(server.instance);
  return keys;
}

Error no_server(const fs::path& home) {
  if (const auto server = app::find_running_server(home); server && server->ending)
    return Error::unavailable("the server of this installation is ending")
        .hint("'ingle stop' waits for it, 'ingle stop --now' ends it at once");
  return Error::unavailable("no server of this installation is running")
      .hint("'ingle serve' or 'ingle app' starts one");
}

/// What the server said before it ended, as this command's own error.
Error why_not_started(const fs::path& log) {
  const std::string text = base::read_file(log, 1 << 20).value_or("");
  const auto after = [&](std::string_view mark) -> std::string {
    const size_t start = text.rfind(mark);
    if (start == std::string::npos) return {};
    const size_t from = start + mark.size();
    return text.substr(from, text.find('\n', from) - from);
  };
  const std::string error = after("error: ");
  const std::string hint = after("  hint: ");
  return Error::unavailable(error.empty() ? "the server did not start" : "the server did not start: " + error)
      .hint(hint.empty() ? "'ingle serve' shows what it says" : hint);
}

/// Starts this program anew as a server that outlives this command and its terminal, and waits until it accepts.
Status start_server(const fs::path& home, const std::optional<std::string>& host) {
  std::error_code error;
  const fs::path log = home / "run" / "server.log";
  fs::create_directories(log.parent_path(), error);
  int pipe_ends[2];
  if (::pipe2(pipe_ends, O_CLOEXEC) != 0) return std::unexpected(Error::io("making a pipe", errno));
  const base::FileDescriptor from_child(pipe_ends[0]);
  base::FileDescriptor to_parent(pipe_ends[1]);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, to_parent.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
  std::vector<std::string> words = {"ingle", "serve", "--json"};
  if (host) words.insert(words.end(), {"--host", *host});
  std::vector<char*> arguments;
  for (std::string& word : words)
    arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t pid = 0;
  const int code = ::posix_spawn(&pid, "/proc/self/exe", &actions, &attributes, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (code != 0) return std::unexpected(Error::io("starting a server", code));
  to_parent = base::FileDescriptor();
  pollfd ready{.fd = from_child.get(), .events = POLLIN, .revents = 0};
  char byte = 0;
  if (::poll(&ready, 1, kStartMs) == 1 && ::read(from_child.get(), &byte, 1) == 1) return {};
  ::kill(pid, SIGTERM);
  return std::unexpected(why_not_started(log));
}

/// The desktop's own way to open a link, if there is a desktop.
bool open_browser(const std::string& url) {
  if (std::getenv("DISPLAY") == nullptr && std::getenv("WAYLAND_DISPLAY") == nullptr) return false;
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    ::posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
  std::string program = "xdg-open";
  std::string argument = url;
  char* arguments[] = {program.data(), argument.data(), nullptr};
  pid_t pid = 0;
  const int code = ::posix_spawnp(&pid, program.c_str(), &actions, nullptr, arguments, environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (code != 0) return false;
  int status = 0;
  return ::waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

class AppVerb : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.value(host_, "--host", "ADDR:PORT", "where a server that is started listens");
    arguments.flag(no_browser_, "--no-browser", "print the link only");
    arguments.flag(json_, "--json", "print the link as a JSON object");
  }

  Result<int> run(Context& context) override {
    const fs::path home = context.app->settings().home;
    auto server = running_server(home);
    if (!server) {
      INGLE_TRY_VOID(start_server(home, host_));
      server = running_server(home);
      if (!server) return std::unexpected(no_server(home));
      context.console.talk("a server runs in the background now; 'ingle stop' ends it\n");
    }
    INGLE_TRY(const std::string url, one_time_link(home, *server));
    if (json_) {
      JsonWriter json;
      json.begin_object().member("url", url).member("pid", int64_t{server->pid}).end_object();
      context.console.out(json.take_line());
    } else {
      context.console.out(url + "\n");
    }
    if (!no_browser_ && !json_ && !open_browser(url))
      context.console.talk("open this link in a browser; it works once, within a minute\n");
    return 0;
  }

 private:
  static Result<std::string> one_time_link(const fs::path& home, const app::RunningServer& server) {
    INGLE_TRY(const api::AppKeys keys, keys_for(home, server));
    return server.url() + "/open?key=" + keys.make_link_word(now_unix());
  }

  std::optional<std::string> host_;
  bool no_browser_ = false;
  bool json_ = false;
};

/// What stays for ever has a date in a hundred years, as Ollama's API tells it.
std::string until_text(const std::string& rfc3339) {
  constexpr int64_t kForEver = int64_t{50} * 365 * 24 * 3600;
  const auto at = base::utc_seconds(rfc3339);
  if (!at) return terminal_safe(rfc3339);
  return *at - now_unix() > kForEver ? "Forever" : format_until(*at - now_unix());
}

class Ps : public Command {
 public:
  void declare(Arguments& arguments) override { arguments.flag(json_, "--json", "print a JSON object a line"); }

  Result<int> run(Context& context) override {
    const fs::path home = context.app->settings().home;
    const auto server = running_server(home);
    if (!server) return std::unexpected(no_server(home));
    INGLE_TRY(const api::AppKeys keys, keys_for(home, *server));
    const std::string word = "Ingle " + keys.make_request_word("GET", "/api/ps", now_unix());
    INGLE_TRY(const auto answer,
              net::ask_loopback(server->address,
                                {.target = "/api/ps", .authorization = word, .tls_sha256 = server->tls_sha256}));
    const Json json = Json::parse(answer.body, nullptr, false);
    if (answer.status != 200 || !json.is_object() || !json.contains("models"))
      return std::unexpected(Error::unavailable("the server did not say which models it has"));
    if (server->insecure)
      context.console.talk("warning: this server is open to the network without TLS (--insecure)\n");
    std::vector<TableRow> rows = {{"NAME", "MEMORY", "AT MOST", "KV", "CONTEXT", "UNTIL"}};
    for (const Json& model : json["models"]) {
      if (json_) {
        context.console.out(model.dump() + "\n");
        continue;
      }
      rows.push_back({terminal_safe(model.value("name", "")), format_bytes(model.value("size", uint64_t{0})),
                      format_bytes(model.value("size_planned", uint64_t{0})),
                      format_bytes(model.value("size_kv", uint64_t{0})),
                      std::to_string(model.value("context_length", 0)), until_text(model.value("expires_at", ""))});
    }
    if (json_) return 0;
    if (rows.size() > 1) {
      context.console.out(table_text(rows));
      context.console.talk("AT MOST: when all that it may answer at a time are as long as CONTEXT\n");
    } else {
      context.console.talk("no model is loaded\n");
    }
    context.console.talk("server: " + server->url() + "\n");
    return 0;
  }

 private:
  bool json_ = false;
};

class Stop : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.flag(now_, "--now", "end answers under way, too");
    arguments.flag(json_, "--json", "print the process that ended as a JSON object");
  }

  Result<int> run(Context& context) override {
    const fs::path home = context.app->settings().home;
    const auto server = app::find_running_server(home);
    if (!server) return std::unexpected(no_server(home));
    const base::FileDescriptor process(static_cast<int>(::syscall(SYS_pidfd_open, server->pid, 0)));
    // The descriptor stays with one process; that this one is the server is known when it holds the lock still.
    const auto still = app::find_running_server(home);
    if (!process.valid() || !still || still->pid != server->pid) return std::unexpected(no_server(home));
    INGLE_TRY(const bool ended, end(context, home, process.get()));
    if (!ended)
      return std::unexpected(
          Error::unavailable(fmt::format("the server (process {}) is still finishing answers", server->pid))
              .hint("'ingle stop --now' ends it at once"));
    if (json_) {
      JsonWriter json;
      json.begin_object().member("pid", int64_t{server->pid}).member("ended", true).end_object();
      context.console.out(json.take_line());
    } else {
      context.console.talk("the server has ended\n");
    }
    return 0;
  }

 private:
  /// Whether the process ended. The first signal lets its answers finish; the second, once it obeyed, ends it.
  Result<bool> end(Context& context, const fs::path& home, int process) const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(kStopMs);
    bool is_asked = false;
    bool is_told = false;
    while (std::chrono::steady_clock::now() < deadline) {
      const auto server = app::find_running_server(home);
      if (server && (server->ending ? now_ : !is_asked)) {
        is_asked = true;
        if (::syscall(SYS_pidfd_send_signal, process, SIGTERM, nullptr, 0) != 0 && errno != ESRCH)
          return std::unexpected(Error::io("asking the server to end", errno));
      }
      if (server && server->ending.value_or(0) > 0 && !now_ && !std::exchange(is_told, true))
        context.console.talk(app::wait_text(*server->ending) + "; 'ingle stop --now' ends them\n");
      pollfd ended{.fd = process, .events = POLLIN, .revents = 0};
      if (::poll(&ended, 1, kLookAgainMs) == 1) return true;
    }
    return false;
  }

  bool now_ = false;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_app() {
  return std::make_unique<AppVerb>();
}
std::unique_ptr<Command> make_ps() {
  return std::make_unique<Ps>();
}
std::unique_ptr<Command> make_stop() {
  return std::make_unique<Stop>();
}

}  // namespace ingle::cli
