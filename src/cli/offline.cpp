#include "cli/help.h"
#include "cli/json_writer.h"
#include "cli/verb.h"

namespace ingle::cli {
namespace {

class Offline : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.positional(action_, "on|off|status", "what to do; without it, status", false);
    arguments.flag(json_, "--json", "print one JSON object");
  }

  Result<int> run(Context& context) override {
    constexpr std::string_view kActions[] = {"on", "off", "status"};
    const router::OfflineSwitch& offline = context.app->offline();
    if (action_ == "on" || action_ == "off") {
      INGLE_TRY_VOID(offline.set(action_ == "on"));
    } else if (!action_.empty() && action_ != "status") {
      return std::unexpected(unknown_action("offline", action_, kActions));
    }
    if (json_) {
      JsonWriter json;
      json.begin_object().member("offline", offline.on()).member("by_setting", offline.by_setting()).end_object();
      context.console.out(json.take_line());
    } else if (!offline.on()) {
      context.console.out("off: models can be pulled, and 'auto' may ask a provider where the policy allows it\n");
    } else {
      context.console.out(offline.by_setting() ? "on, by the setting 'offline': nothing leaves this machine\n"
                                               : "on: nothing leaves this machine\n");
    }
    return 0;
  }

 private:
  std::string action_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_offline() {
  return std::make_unique<Offline>();
}

}  // namespace ingle::cli
