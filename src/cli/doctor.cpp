#include <fcntl.h>
#include <fmt/format.h>
#include <langinfo.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <system_error>

#include "base/files.h"
#include "base/sha256.h"
#include "cli/help.h"
#include "cli/json_writer.h"
#include "cli/machine.h"
#include "cli/progress.h"
#include "cli/verb.h"
#include "net/transport.h"
#include "roles/sandbox.h"
#include "store/pip_settings.h"

namespace ingle::cli {
namespace {

namespace fs = std::filesystem;

enum class Health : uint8_t { kOk, kWarning, kBad };

struct Finding {
  std::string_view check;
  Health health = Health::kOk;
  std::string detail;
  std::string hint = {};
};

constexpr uint64_t kGigabyte = 1'000'000'000;

Finding check_processor(const Machine& machine) {
  std::string tables;
  for (const std::string& isa : machine.isas)
    tables += (tables.empty() ? "" : ", ") + isa;
  Finding finding{"processor", Health::kOk,
                  fmt::format("{}; {} cores; kernels: {}", machine.cpu, machine.cores, tables)};
  if (machine.isas.size() == 1) {
    finding.health = Health::kWarning;
    finding.hint = "only the scalar kernels run here, which is slow: the fast ones need AVX2";
  }
  return finding;
}

Finding check_memory(const Machine& machine) {
  Finding finding{
      "memory", Health::kOk,
      fmt::format("{} of {} can be used", format_bytes(machine.memory_available), format_bytes(machine.memory_bytes))};
  if (machine.memory_available < kGigabyte) {
    finding.health = Health::kWarning;
    finding.hint = "close other programs; a model needs about the size of its file, and a little more";
  }
  return finding;
}

/// The nearest folder of a path that exists: where writing would begin.
fs::path existing_parent(fs::path path) {
  std::error_code error;
  while (!fs::exists(path, error) && path.has_parent_path() && path != path.parent_path())
    path = path.parent_path();
  return path;
}

/// By doing it: permission bits say little on read-only and network file systems, and nothing to root. 0 or an errno.
int try_writing(const fs::path& folder) {
  std::string path = (folder / ".ingle-doctor-XXXXXX").string();
  const base::FileDescriptor file(::mkostemp(path.data(), O_CLOEXEC));
  if (!file.valid()) return errno;
  ::unlink(path.c_str());
  return 0;
}

Finding check_folder(std::string_view check, const fs::path& folder) {
  const fs::path real = existing_parent(folder);
  if (const int failed = try_writing(real); failed != 0)
    return {check, Health::kBad,
            fmt::format("'{}' cannot be written: {}", real.string(), std::generic_category().message(failed)),
            "set INGLE_HOME to a folder of yours, or change the folder's owner"};
  std::error_code error;
  const auto space = fs::space(real, error);
  if (error) return {check, Health::kWarning, fmt::format("'{}': {}", real.string(), error.message())};
  Finding finding{check, Health::kOk, fmt::format("{}, {} free", folder.string(), format_bytes(space.available))};
  if (space.available < kGigabyte) {
    finding.health = Health::kWarning;
    finding.hint = "most models need 0.5 to 5 GB; 'ingle rm' makes room";
  }
  return finding;
}

Finding check_sandbox() {
  const roles::SandboxReport sandbox = roles::sandbox_offered();
  Finding finding{"sandbox", Health::kOk, fmt::format("seccomp, Landlock {}", sandbox.landlock_abi)};
  if (sandbox.missing.empty()) return finding;
  finding.health = sandbox.seccomp ? Health::kWarning : Health::kBad;
  finding.detail = sandbox.missing;
  finding.hint = "a newer kernel has it; docs/roles.md says what it is good for";
  return finding;
}

Finding check_terminal() {
  const std::string_view charset = ::nl_langinfo(CODESET);
  if (charset == "UTF-8") return {"terminal", Health::kOk, "UTF-8"};
  return {"terminal", Health::kWarning, fmt::format("its character set is {}", charset),
          "set LANG=C.UTF-8, or other scripts and progress bars look broken"};
}

class Doctor : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.flag(verify_, "--verify", "read every installed model and compare its SHA-256");
    arguments.flag(network_, "--network", "ask the package index that 'ingle pull' falls back to whether it answers");
    arguments.flag(json_, "--json", "print a JSON object a check");
  }

  Result<int> run(Context& context) override {
    const Machine machine = this_machine();
    std::vector<Finding> findings = {{"version", Health::kOk, INGLE_VERSION}};
    findings.push_back(check_processor(machine));
    findings.push_back(check_memory(machine));
    findings.push_back(check_sandbox());
    findings.push_back(check_terminal());
    if (context.app != nullptr) {
      check_by_settings(context, findings);
    } else {
      const Error& error = *context.settings_error;
      findings.push_back({"settings", Health::kBad, error.message(), error.hint()});
    }
    print(context, findings);
    return std::ranges::any_of(findings, [](const Finding& f) { return f.health == Health::kBad; }) ? 1 : 0;
  }

 private:
  void check_by_settings(Context& context, std::vector<Finding>& findings) const {
    const app::Settings& settings = context.app->settings();
    findings.push_back(check_folder("home", settings.home));
    if (fs::path(settings.models).parent_path() != fs::path(settings.home))
      findings.push_back(check_folder("models folder", settings.models));
    check_models(context, findings);
    findings.push_back(check_network(context));
    findings.push_back(check_policy(context));
    if (network_) findings.push_back(check_index(context));
  }

  void check_models(Context& context, std::vector<Finding>& findings) const {
    std::vector<Error> problems;
    const auto models = context.app->store().list(&problems);
    if (!models) {
      findings.push_back({"models", Health::kBad, models.error().message(), models.error().hint()});
      return;
    }
    uint64_t bytes = 0;
    size_t n_ours = 0;
    for (const auto& model : *models) {
      if (model.origin != store::Origin::kInglenook) continue;
      bytes += model.size;
      ++n_ours;
    }
    const std::string others =
        n_ours == models->size() ? "" : fmt::format("; {} of other programs, used in place", models->size() - n_ours);
    findings.push_back({"models", Health::kOk, fmt::format("{} installed, {}{}", n_ours, format_bytes(bytes), others),
                        models->empty() ? "'ingle pull qwen2.5-coder:0.5b' is a good start" : ""});
    for (const Error& problem : problems)
      findings.push_back({"model", Health::kBad, problem.message(), problem.hint()});
    if (!verify_) return;
    const std::stop_token stop = context.interrupts.arm();
    for (const auto& model : *models) {
      if (!model.digest.empty()) findings.push_back(verify(context, model, stop));
    }
    context.interrupts.disarm();
  }

  static Finding verify(Context& context, const store::InstalledModel& model, const std::stop_token& stop) {
    const std::string name = model.name.display();
    const auto fd = base::FileDescriptor::open_read(model.path);
    if (!fd) return {"digest", Health::kBad, fmt::format("{}: {}", name, fd.error().message())};
    const auto map = base::MappedFile::map(*fd, name);
    if (!map) return {"digest", Health::kBad, fmt::format("{}: {}", name, map.error().message())};
    constexpr size_t kStep = 4 << 20;
    Progress progress(context.console);
    base::Sha256 sha;
    const size_t size = map->bytes().size();
    std::vector<std::byte> buffer(kStep);
    for (size_t done = 0; done < size; done += kStep) {
      if (stop.stop_requested()) return {"digest", Health::kWarning, name + ": interrupted"};
      const auto step = std::span(buffer).first(std::min(kStep, size - done));
      if (const Status read = map->read(done, step); !read)
        return {"digest", Health::kBad, fmt::format("{}: {}", name, read.error().message())};
      sha.update(step);
      progress.bytes("verifying " + name, done, size);
    }
    if (sha.finish() == model.digest.hex()) return {"digest", Health::kOk, name + " is what was pulled"};
    const bool is_ours = model.origin == store::Origin::kInglenook;
    return {
        "digest", is_ours ? Health::kBad : Health::kWarning, name + ": the file is not what its digest says",
        is_ours ? fmt::format("'ingle rm {}', then 'ingle pull {}'", name, name) : "fetch it again where it came from"};
  }

  /// The ledger is opened, and made, only where there is a policy.
  static router::PolicyStatus policy_status(Context& context) {
    if (!router::read_policy(context.app->settings().home).present) return {};
    return context.app->routing().policy();
  }

  static Finding check_network(Context& context) {
    const store::Network& network = context.app->store().network();
    const router::OfflineSwitch& offline = context.app->offline();
    if (offline.on())
      return {"network", Health::kOk,
              fmt::format("never used: {}",
                          offline.by_setting() ? "the setting 'offline' is on" : "'ingle offline' is on")};
    return {"network", Health::kOk,
            fmt::format("used to pull models{}{}",
                        policy_status(context).cloud_possible ? ", and by 'auto' as the policy says" : " only",
                        network.https_proxy.empty() ? "; without a proxy" : "; through the proxy of the settings")};
  }

  static Finding check_policy(Context& context) {
    const router::PolicyStatus status = policy_status(context);
    if (!status.present) return {"policy", Health::kOk, "none: no prompt leaves this machine"};
    if (!status.problems.empty())
      return {"policy", Health::kWarning, "policy.toml counts as none: " + status.problems.front(),
              "'ingle route policy' shows every problem"};
    if (!status.policy || !status.policy->provider)
      return {"policy", Health::kOk, "policy.toml names no provider: no prompt leaves this machine"};
    const router::Provider& provider = *status.policy->provider;
    return {"policy", Health::kOk,
            fmt::format("'auto' may ask {} at {}{}", provider.name, provider.base_url.authority(),
                        status.cloud_possible ? "" : ", but not while offline")};
  }

  /// The mirror of last resort: pip's index, at the page of a package that the catalog names.
  static Finding check_index(Context& context) {
    constexpr std::string_view kCheck = "package index";
    const store::Network& network = context.app->store().network();
    if (context.app->offline().on()) return {kCheck, Health::kWarning, "not asked: offline mode forbids it"};
    const std::stop_token stop = context.interrupts.arm();
    const auto answer = ask_index(context, network, stop);
    context.interrupts.disarm();
    if (answer) return {kCheck, Health::kOk, *answer};
    return {kCheck, Health::kBad, answer.error().message(), answer.error().hint()};
  }

  static Result<std::string> ask_index(Context& context, const store::Network& network, const std::stop_token& stop) {
    Progress progress(context.console);
    progress.spin("asking pip for its index");
    INGLE_TRY(const store::PipSettings pip, store::read_pip_settings(network, stop));
    INGLE_TRY(const net::Url url, net::Url::parse(pip.index_url + (pip.index_url.ends_with('/') ? "" : "/") + "pip/"));
    progress.spin("asking " + url.host);
    store::Network as_pip = network;
    if (!pip.proxy.empty()) as_pip.https_proxy = pip.proxy;
    if (!pip.ca_file.empty()) as_pip.ca_file = pip.ca_file;
    INGLE_TRY(const auto transport, store::make_transport(as_pip));
    constexpr uint64_t kMaxPage = 8 << 20;
    INGLE_TRY(const auto answer,
              net::get_text(*transport, {.url = url}, net::EgressPermit::for_model_download(url.host), kMaxPage, stop));
    if (answer.head.status != 200)
      return std::unexpected(
          Error::unavailable(fmt::format("{} answers {}", url.host, net::status_text(answer.head.status)))
              .hint("'pip config list' shows which index pip is set up for"));
    return fmt::format("{} answers", url.host);
  }

  void print(Context& context, const std::vector<Finding>& findings) const {
    static constexpr std::string_view kWords[] = {"ok", "warning", "bad"};
    static constexpr std::string_view kMarks[] = {"\x1b[32m✓\x1b[0m", "\x1b[33m!\x1b[0m", "\x1b[31m✗\x1b[0m"};
    static constexpr std::string_view kPlainMarks[] = {"ok  ", "note", "BAD "};
    const bool color = context.console.out_is_terminal() && context.console.wants_color();
    for (const Finding& finding : findings) {
      const auto health = static_cast<size_t>(finding.health);
      if (json_) {
        JsonWriter json;
        json.begin_object()
            .member("check", finding.check)
            .member("status", kWords[health])
            .member("detail", finding.detail)
            .member("hint", finding.hint)
            .end_object();
        context.console.out(json.take_line());
        continue;
      }
      context.console.out(fmt::format("{} {:<14} {}\n", color ? kMarks[health] : kPlainMarks[health], finding.check,
                                      terminal_safe(finding.detail)));
      if (!finding.hint.empty())
        context.console.out(fmt::format("{:<{}}{}\n", "", color ? 17 : 20, terminal_safe(finding.hint)));
    }
  }

  bool verify_ = false;
  bool network_ = false;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_doctor() {
  return std::make_unique<Doctor>();
}

}  // namespace ingle::cli
