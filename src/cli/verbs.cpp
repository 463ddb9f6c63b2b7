#include <algorithm>

#include "cli/verb.h"

namespace ingle::cli {
namespace {

constexpr Verb kVerbs[] = {
    {.name = "config",
     .summary = "Print every setting with its value and where the value comes from",
     .description =
         "A flag wins over the environment, the environment over config.toml in INGLE_HOME, and that over the "
         "default. Of the environment, INGLE_* comes first, then the names that Ollama uses.",
     .examples = "ingle config                 # all settings\n"
                 "ingle config threads         # one value, for scripts\n"
                 "INGLE_THREADS=2 ingle config --json",
     .make = make_config},
    {.name = "completion",
     .summary = "Print a completion script for bash, zsh or fish",
     .description = "The script completes verbs, options, model names and files.",
     .examples = "ingle completion bash > ~/.local/share/bash-completion/completions/ingle\n"
                 "ingle completion zsh  > \"${fpath[1]}/_ingle\"\n"
                 "ingle completion fish > ~/.config/fish/completions/ingle.fish",
     .needs_app = false,
     .make = make_completion},
    {.name = "man",
     .summary = "Print the manual page (roff)",
     .description = "The page is made from the same table as the help texts.",
     .examples = "ingle man | man -l -          # read it\n"
                 "ingle man > ~/.local/share/man/man1/ingle.1",
     .needs_app = false,
     .make = make_man},
    {.name = "help",
     .summary = "Explain a verb",
     .description = "Without a verb: the overview.",
     .examples = "ingle help run",
     .needs_app = false,
     .make = make_help},
};

}  // namespace

std::span<const Verb> verbs() {
  return kVerbs;
}

const Verb* find_verb(std::string_view name) {
  if (name.empty()) return nullptr;
  const auto* verb = std::ranges::find_if(kVerbs, [&](const Verb& v) { return v.name == name || v.alias == name; });
  return verb == std::end(kVerbs) ? nullptr : verb;
}

}  // namespace ingle::cli
