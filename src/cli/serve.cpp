#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "api/tokens.h"
#include "app/server.h"
#include "app/server_log.h"
#include "base/service_manager.h"
#include "cli/help.h"
#include "cli/json_writer.h"
#include "cli/limits.h"
#include "cli/verb.h"
#include "net/certificate.h"
#include "net/listener.h"

namespace ingle::cli {
namespace {

constexpr uint16_t kPort = 11434;

class Serve : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.value(host_, "--host", "ADDR:PORT", "where to listen; port 0 picks a free one");
    arguments.value(engine_, "--engine", "NAME", "'echo' answers 20 tokens a second without a model");
    arguments.value(tls_, "--tls", "local", "speak TLS with a certificate of an authority made for this installation");
    arguments.value(tls_cert_, "--tls-cert", "FILE", "PEM file with the server's certificate and those above it");
    arguments.value(tls_key_, "--tls-key", "FILE", "PEM file with its private key");
    arguments.flag(insecure_, "--insecure",
                   "listen beyond this machine without TLS, and without tokens while there are none");
    arguments.flag(print_limits_, "--print-limits", "print what a client can ask for at most, and end");
    arguments.flag(json_, "--json", "print the address as a JSON object");
  }

  Result<int> run(Context& context) override {
    if (print_limits_) {
      print_limits(context.console, json_);
      return 0;
    }
    if (engine_ && *engine_ != "echo")
      return std::unexpected(Error::usage("'" + *engine_ + "' is no engine").hint("--engine echo, or none"));
    app::Front& front = *context.app;
    INGLE_TRY_VOID(take_flags(front.settings()));
    INGLE_TRY(auto inherited, base::take_inherited_socket());
    net::Listener listener;
    if (inherited) {
      INGLE_TRY(listener, net::adopt_listener(*std::move(inherited)));
    }
    INGLE_TRY(const net::ListenAddress address, inherited ? Result<net::ListenAddress>(listener.address)
                                                          : net::ListenAddress::parse(front.settings().host, kPort));
    const bool is_beyond = !address.is_loopback();
    app::ServerOptions options;
    options.echo = engine_.has_value();
    options.version = INGLE_VERSION;
    options.machine_names = names_of(front.settings(), address);
    INGLE_TRY(options.tls, app::ServerTls::open(front.settings(), options.machine_names, std::time(nullptr)));
    options.insecure = is_beyond && !options.tls;
    if (!is_beyond) options.machine_names.clear();
    if (options.insecure && !insecure_)
      return std::unexpected(
          Error::refused(address.text() + " (" + front.settings().origin_detail("host") +
                         ") can be reached from other machines, and nothing would be encrypted")
              .hint("add --tls local, or --tls-cert and --tls-key; or stay on 127.0.0.1 and come from afar by "
                    "ssh -L 11434:127.0.0.1:11434; --insecure does it all the same"));
    INGLE_TRY(app::ServerFile file, app::ServerFile::hold(front.settings().home));
    if (!inherited) {
      INGLE_TRY(listener, net::open_listener(address));
    }
    const base::ServiceManager manager = base::ServiceManager::open();
    INGLE_TRY(auto attach, app::AttachListener::open(front.settings().home));
    options.attach = std::make_shared<app::AttachListener>(std::move(attach));
    INGLE_TRY_VOID(front.lock(app::FileAccess::kOwnFolders));
    context.when_locked();
    if (!json_) tell_what_is_left_out(context);
    const std::stop_token stop = context.interrupts.arm();
    const net::ListenAddress bound = listener.address;
    INGLE_TRY(const auto server, app::Server::start(front, std::move(file), std::move(listener), options));
    announce(context, bound, options);
    if (is_beyond && !json_) tell_about_tokens(context, options);
    context.interrupts.on_hangup([&] { reload(context, *server, manager); });
    manager.tell("READY=1\nSTATUS=" + bound.text());
    const Status end = server->wait(stop);
    context.interrupts.on_hangup({});
    manager.tell("STOPPING=1");
    if (!json_ && end) context.console.talk(ending_text(*server));
    context.interrupts.disarm();  // a second signal ends the process at once
    server->stop(app::Server::kDrain);
    INGLE_TRY_VOID(end);
    return 0;
  }

 private:
  Status take_flags(app::Settings& settings) const {
    const std::pair<std::string_view, const std::optional<std::string>&> flags[] = {
        {"host", host_}, {"tls", tls_}, {"tls_cert", tls_cert_}, {"tls_key", tls_key_}};
    for (const auto& [name, value] : flags)
      if (value) INGLE_TRY_VOID(settings.override_with_flag(name, *value));
    return {};
  }

  static void tell_what_is_left_out(Context& context) {
    const app::Settings& settings = context.app->settings();
    for (const std::string& note : settings.notes)
      context.console.talk("note: " + note + "\n");
    if (("," + settings.origins + ",").find(",*,") != std::string::npos)
      context.console.talk(
          "note: '*' in the setting 'origins' is left out: pages are named one by one,\n  ports may be '*'\n");
  }

  /// What a request may call this server, and its certificate names where it is ours.
  static std::vector<std::string> names_of(const app::Settings& settings, const net::ListenAddress& address) {
    std::vector<std::string> names = {"localhost", "127.0.0.1", "::1"};
    if (!address.is_loopback()) {
      for (std::string& name : net::names_of_this_machine())
        names.push_back(std::move(name));
    }
    if (address.from_here().text() == address.text()) names.push_back(address.host);
    for (std::string& name : app::words_of(settings.hosts))
      names.push_back(std::move(name));
    return names;
  }

  /// "0.0.0.0" is no address to go to, and stands in no certificate: one of this machine's own in its place.
  static net::ListenAddress reachable(const net::ListenAddress& bound, const app::ServerOptions& options) {
    net::ListenAddress best = bound.from_here();
    if (best.text() == bound.text()) return bound;
    for (const std::string& name : options.tls ? options.tls->facts().names : options.machine_names) {
      const net::ListenAddress other{.host = name, .port = bound.port};
      if (name == "localhost" || name.starts_with('*') || other.is_loopback()) continue;
      // A number needs no name service to be found by others.
      if (name.find_first_not_of("0123456789.") == std::string::npos) return other;
      if (best.is_loopback()) best = other;
    }
    return best;
  }

  void announce(Context& context, const net::ListenAddress& address, const app::ServerOptions& options) const {
    const std::string url = (options.tls ? "https://" : "http://") + reachable(address, options).text();
    if (json_) {
      JsonWriter json;
      json.begin_object()
          .member("address", address.text())
          .member("host", address.host)
          .member("port", address.port)
          .member("url", url)
          .member("tls", options.tls.has_value())
          .member("insecure", options.insecure)
          .end_object();
      context.console.out(json.take_line());
      return;
    }
    context.console.out(url + "\n");
    const app::Settings& settings = context.app->settings();
    context.console.talk(models_text(context, options) + "\n" + log_text(settings) +
                         "\n'ingle app' opens the app; Ctrl-C ends the server, elsewhere 'ingle stop'\n");
    if (options.tls) tell_about_certificate(context, *options.tls);
  }

  static std::string models_text(const Context& context, const app::ServerOptions& options) {
    if (options.echo) return "no models: an echo answers, 20 tokens a second a stream";
    const auto models = context.app->store().list();
    const size_t n = models ? models->size() : 0;
    if (n == 0) return "no models yet in " + context.app->settings().models + ": 'ingle pull NAME' downloads one";
    const auto own = std::ranges::count(*models, store::Origin::kInglenook, &store::InstalledModel::origin);
    const size_t others = n - static_cast<size_t>(own);
    return fmt::format("{} model{} in {}", own, own == 1 ? "" : "s", context.app->settings().models) +
           (others == 0 ? "" : fmt::format(" and {} of other programs", others));
  }

  static std::string log_text(const app::Settings& settings) {
    if (settings.log == "none") return "no log is written (setting log)";
    if (settings.log == "stderr") return "a line for each request follows here (setting log)";
    return "log: " + app::ServerLog::file(settings.home).string() + " ('ingle logs' shows it)";
  }

  static std::string ending_text(const app::Server& server) {
    const size_t busy = server.busy();
    return busy == 0 ? "ending\n" : "ending: " + app::wait_text(busy) + "; Ctrl-C ends them\n";
  }

  static void tell_about_certificate(Context& context, const app::ServerTls& tls) {
    constexpr int kWidth = 80;
    std::string names;
    for (const std::string& name : tls.facts().names)
      names += (names.empty() ? "" : ", ") + name;
    context.console.talk(wrap("TLS for " + names, kWidth, 2) + "\n");
    if (tls.authority().empty()) return;
    context.console.talk(
        fmt::format("{} certificate authority of this installation:\n"
                    "  {}\n"
                    "  Other machines trust it when they have this file (it is no secret):\n"
                    "  curl --cacert FILE, Python SSL_CERT_FILE=FILE, Node NODE_EXTRA_CA_CERTS=FILE,\n"
                    "  Debian: /usr/local/share/ca-certificates/ingle.crt and update-ca-certificates\n",
                    tls.authority_is_new() ? "A new" : "The", tls.authority().string()));
  }

  static void tell_about_tokens(Context& context, const app::ServerOptions& options) {
    const auto tokens = api::Tokens(context.app->settings().home).current();
    if (options.insecure)
      context.console.talk("warning: whoever reads this network reads questions, answers and keys\n");
    if (options.insecure && !tokens->exists) {
      context.console.talk(
          "warning: everyone who reaches this address may use the models;\n  'ingle token create' ends that\n");
    } else if (tokens->tokens.empty()) {
      context.console.talk("programs need a token, and there is none yet: 'ingle token create'\n");
    } else {
      context.console.talk("programs need a token; 'ingle token list' shows whose there are\n");
    }
  }

  void reload(Context& context, app::Server& server, const base::ServiceManager& manager) const {
    manager.tell_reloading();
    const auto done = server.reload();
    if (done) {
      context.console.talk(*done + "\n");
    } else {
      print_error(context.console, Error(done.error()).within("not reloaded"));
    }
    manager.tell("READY=1");
  }

  std::optional<std::string> host_;
  std::optional<std::string> engine_;
  std::optional<std::string> tls_;
  std::optional<std::string> tls_cert_;
  std::optional<std::string> tls_key_;
  bool insecure_ = false;
  bool print_limits_ = false;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_serve() {
  return std::make_unique<Serve>();
}

}  // namespace ingle::cli
