#include "cli/load_model.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/progress.h"
#include "cli/pull.h"

namespace ingle::cli {

void declare_engine_flags(Arguments& arguments, EngineFlags& flags) {
  arguments.group("Engine");
  arguments.value(flags.threads, "-t,--threads", "N", "threads; 0 = one a physical core", 0, 1024);
  arguments.value(flags.context, "-c,--ctx", "N", "tokens that prompt and answer may take together", 0, 1 << 24);
  arguments.value(flags.isa, "--isa", "NAME", "instruction set of the kernels: scalar, avx2 ...");
  arguments.value(flags.kv_type, "--kv", "TYPE", "number format of the KV cache: f16, i8 (half the memory) ...");
  arguments.flag(flags.reference, "--reference", "compute in f32 throughout: slow and exact");
  arguments.flag(flags.no_speculation, "--no-speculation", "compute token by token: the same answer, never sooner");
  arguments.group("");
}

void declare_server_flag(Arguments& arguments, EngineFlags& flags) {
  arguments.flag(flags.no_server, "--no-server", "load the model for this command alone, also where a server has it");
}

Error naming(const app::ModelFiles& files, Error error) {
  if (error.message().find(files.name) != std::string::npos) return error;
  return std::move(error).within("'" + files.name + "'");
}

/// A name without a tag may have meant a model that is here: a person is asked before gigabytes come, a script is told.
Status agree_to_pull(Context& context, const std::string& typed, const store::CatalogEntry& entry) {
  const auto installed = context.app->store().installed_like(typed);
  if (typed.find(':') != std::string::npos || installed.empty()) return {};
  const std::string what = fmt::format("'{}' means {} ({}), which is not installed; installed: {}\n", typed,
                                       entry.name.display(), format_bytes(entry.size), fmt::join(installed, ", "));
  if (!context.console.in_is_terminal() || !context.console.talk_is_terminal()) {
    context.console.talk("note: " + what);
    return {};
  }
  context.console.talk(what + fmt::format("Pull {}? [y/N] ", entry.name.display()));
  constexpr uint64_t kMaxAnswer = 1 << 10;
  INGLE_TRY(const auto answer, context.console.read_line(kMaxAnswer));
  if (answer && (answer->starts_with('y') || answer->starts_with('Y'))) return {};
  return std::unexpected(Error::cancelled("nothing was pulled").hint("use the one that is here: " + installed.front()));
}

Result<app::ModelFiles> locate_or_pull(Context& context, const std::string& model) {
  auto found = context.app->locate(model);
  if (found || found.error().code() != ErrorCode::kNotFound || app::Front::is_path(model)) return found;
  const auto name = store::ModelName::parse(model);
  const store::CatalogEntry* entry = name ? context.app->store().catalog().find(*name) : nullptr;
  if (entry == nullptr) return found;
  INGLE_TRY_VOID(agree_to_pull(context, model, *entry));
  // Offline the pull says why it cannot be; only what a folder on this machine holds could still come.
  if (!context.app->offline().on())
    context.console.talk(
        fmt::format("{} is not installed yet: pulling it ({})\n", entry->name.display(), format_bytes(entry->size)));
  INGLE_TRY_VOID(pull_model(context, model, false));
  return context.app->locate(model);
}

Result<engine::Options> options_from(Context& context, const EngineFlags& flags) {
  app::Settings& settings = context.app->settings();
  if (flags.threads) INGLE_TRY_VOID(settings.override_with_flag("threads", std::to_string(*flags.threads)));
  if (flags.context) INGLE_TRY_VOID(settings.override_with_flag("context", std::to_string(*flags.context)));
  if (flags.isa) INGLE_TRY_VOID(settings.override_with_flag("isa", *flags.isa));
  if (flags.kv_type) INGLE_TRY_VOID(settings.override_with_flag("kv_type", *flags.kv_type));
  if (flags.no_server) INGLE_TRY_VOID(settings.override_with_flag("no_server", "true"));
  if (flags.no_speculation) INGLE_TRY_VOID(settings.override_with_flag("speculation", "false"));
  engine::Options options = context.app->engine_options();
  options.reference = flags.reference;
  return options;
}

Result<LoadedModel> load_files(Context& context, app::ModelFiles files, engine::Options options, bool here) {
  Progress progress(context.console);
  const std::string label = "loading " + files.name;
  progress.spin(label);
  options.on_load_progress = [&](double done) { progress.fraction(label, done); };
  LoadedModel loaded;
  auto completer = here ? context.app->load_here(files, options) : context.app->load(files, options);
  if (!completer) return std::unexpected(naming(files, std::move(completer).error()));
  loaded.completer = *std::move(completer);
  INGLE_TRY(loaded.description, loaded.completer->describe());
  loaded.files = std::move(files);
  return loaded;
}

/// The local model behind it is loaded by its first question.
Result<LoadedModel> load_router(Context& context, const EngineFlags& flags) {
  INGLE_TRY_VOID(options_from(context, flags));
  const router::PolicyStatus policy = context.app->routing().policy();
  if (policy.present && !policy.problems.empty())
    context.console.talk(terminal_safe(
        fmt::format("note: policy.toml counts as none: {} ('ingle route policy')\n", policy.problems.front())));
  Progress progress(context.console);
  progress.spin("loading the local model");
  LoadedModel loaded;
  INGLE_TRY(loaded.completer, context.app->models().acquire(router::kAutoModel, {}));
  INGLE_TRY(loaded.description, loaded.completer->describe());
  loaded.files.name = router::kAutoModel;
  return loaded;
}

Result<LoadedModel> load_model(Context& context, const std::string& model, const EngineFlags& flags) {
  if (model == router::kAutoModel) return load_router(context, flags);
  INGLE_TRY(app::ModelFiles files, locate_or_pull(context, model));
  INGLE_TRY(engine::Options options, options_from(context, flags));
  return load_files(context, std::move(files), std::move(options));
}

}  // namespace ingle::cli
