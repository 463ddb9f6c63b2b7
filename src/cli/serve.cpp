#include <fmt/format.h>

#include <condition_variable>
#include <mutex>

#include "app/server.h"
#include "cli/json_writer.h"
#include "cli/verb.h"
#include "net/listener.h"

namespace ingle::cli {
namespace {

constexpr uint16_t kPort = 11434;
constexpr unsigned kDrainMs = 30'000;

class Serve : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.value(host_, "--host", "ADDR:PORT", "where to listen; port 0 picks a free one");
    arguments.value(engine_, "--engine", "NAME", "'echo' answers 20 tokens a second without a model");
    arguments.flag(json_, "--json", "print the address as a JSON object");
  }

  Result<int> run(Context& context) override {
    if (engine_ && *engine_ != "echo")
      return std::unexpected(Error::usage("'" + *engine_ + "' is no engine").hint("--engine echo, or none"));
    app::Front& front = *context.app;
    if (host_) INGLE_TRY_VOID(front.settings().override_with_flag("host", *host_));
    INGLE_TRY(const net::ListenAddress address, net::ListenAddress::parse(front.settings().host, kPort));
    if (!address.is_loopback())
      return std::unexpected(
          Error::refused(address.text() +
                         " can be reached from other machines, and this version speaks no TLS and knows no tokens")
              .hint("listen on 127.0.0.1 (" + front.settings().origin_detail("host") +
                    " says otherwise); from afar: ssh -L 11434:127.0.0.1:11434"));
    INGLE_TRY(net::Listener listener, net::open_listener(address));
    INGLE_TRY_VOID(front.lock(app::FileAccess::kOwnFolders));
    context.when_locked();
    if (front.settings().origins.find('*') != std::string::npos && !json_)
      context.console.talk(
          "note: '*' in the setting 'origins' is left out: pages are named one by one, ports may be '*'\n");
    const std::stop_token stop = context.interrupts.arm();
    const net::ListenAddress bound = listener.address;
    INGLE_TRY(const auto server,
              app::Server::start(front, std::move(listener), {.echo = engine_.has_value(), .version = INGLE_VERSION}));
    announce(context, bound);
    wait_for(stop);
    if (!json_) context.console.talk("ending: answers under way may finish; Ctrl-C ends at once\n");
    context.interrupts.disarm();  // a second signal ends the process at once
    server->stop(kDrainMs);
    return 0;
  }

 private:
  void announce(Context& context, const net::ListenAddress& address) const {
    if (json_) {
      JsonWriter json;
      json.begin_object()
          .member("address", address.text())
          .member("host", address.host)
          .member("port", address.port)
          .member("url", "http://" + address.text())
          .end_object();
      context.console.out(json.take_line());
    } else {
      context.console.out("http://" + address.text() + "\n");
      context.console.talk(
          "'ingle app' opens the app; programs made for Ollama or OpenAI use this address. Ctrl-C ends.\n");
    }
  }

  static void wait_for(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any changed;
    std::unique_lock lock(mutex);
    changed.wait(lock, stop, [] { return false; });
  }

  std::optional<std::string> host_;
  std::optional<std::string> engine_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_serve() {
  return std::make_unique<Serve>();
}

}  // namespace ingle::cli
