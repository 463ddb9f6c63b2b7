#include <fmt/format.h>

#include <algorithm>

#include "cli/json_writer.h"
#include "cli/table.h"
#include "cli/verb.h"
#include "roles/escape_attempts.h"
#include "roles/sandbox.h"

namespace ingle::cli {
namespace {

using roles::Attempt;
using roles::Role;

std::string_view duty_of(Role role) {
  switch (role) {
    case Role::kFront:
      return "what people and programs talk to";
    case Role::kEngine:
      return "a model and what is typed to it";
    case Role::kParse:
      return "documents and downloaded files";
    case Role::kEgress:
      return "the way out, when offline";
  }
  return "";
}

std::string locks_of_this_kernel(const roles::SandboxReport& sandbox) {
  std::string locks = sandbox.seccomp ? "seccomp" : "no seccomp";
  locks += sandbox.landlock_abi > 0 ? fmt::format(", Landlock {}", sandbox.landlock_abi) : ", no Landlock";
  return locks;
}

class ProveOffline : public Command {
 public:
  void declare(Arguments& arguments) override { arguments.flag(json_, "--json", "print one JSON object"); }

  Result<int> run(Context& context) override {
    INGLE_TRY(const auto spawner, roles::Spawner::start());
    INGLE_TRY(const auto attempts, roles::prove_offline(*spawner));
    const auto escapes = static_cast<size_t>(std::ranges::count_if(attempts, &Attempt::escaped));
    if (json_) {
      print_json(context, attempts, escapes);
    } else {
      print_report(context, attempts, escapes);
    }
    return escapes == 0 ? 0 : 1;
  }

 private:
  static void print_json(Context& context, const std::vector<Attempt>& attempts, size_t escapes) {
    JsonWriter json;
    json.begin_object().key("attempts").begin_array();
    for (const Attempt& attempt : attempts) {
      json.begin_object()
          .member("role", roles::to_string(attempt.role))
          .member("name", attempt.name)
          .member("outcome", attempt.outcome)
          .end_object();
    }
    json.end_array().member("escapes", escapes).end_object();
    context.console.out(json.take_line());
  }

  static void print_report(Context& context, const std::vector<Attempt>& attempts, size_t escapes) {
    const roles::SandboxReport sandbox = roles::sandbox_offered();
    std::string summary;
    for (const Role role : {Role::kFront, Role::kEngine, Role::kParse, Role::kEgress}) {
      std::vector<TableRow> rows;
      size_t escaped = 0;
      for (const Attempt& attempt : attempts) {
        if (attempt.role != role) continue;
        rows.push_back({"  " + attempt.name, terminal_safe(attempt.outcome)});
        escaped += attempt.escaped() ? 1 : 0;
      }
      context.console.out(fmt::format("{}: {}\n{}\n", roles::to_string(role), duty_of(role), table_text(rows)));
      summary += fmt::format("  {:<7} {:>3} attempts, {} escaped\n", roles::to_string(role), rows.size(), escaped);
    }
    const std::string verdict = escapes == 0 ? "nothing got out" : fmt::format("{} GOT OUT", escapes);
    context.console.out(
        fmt::format("{} attempts, {} ({}):\n{}", attempts.size(), verdict, locks_of_this_kernel(sandbox), summary));
    if (!sandbox.missing.empty()) context.console.talk("note: " + sandbox.missing + "\n");
  }

  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_prove_offline() {
  return std::make_unique<ProveOffline>();
}

}  // namespace ingle::cli
