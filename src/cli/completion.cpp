#include <fmt/format.h>

#include "cli/help.h"
#include "cli/json_writer.h"

namespace ingle::cli {
namespace {

// The scripts are made from the verb table when this verb runs, so that they cannot fall behind it. Model names are asked
// for at completion time: 'ingle list --quiet' prints one a line.

std::string joined_options(const Arguments& arguments) {
  std::string names = "--help";
  for (const Option& option : arguments.options()) {
    if (option.is_positional()) continue;
    names += " " + (option.long_name().empty() ? option.short_name() : option.long_name());
  }
  return names;
}

Completes positional_kind(const Arguments& arguments, size_t index) {
  size_t i = 0;
  for (const Option& option : arguments.options()) {
    if (!option.is_positional()) continue;
    if (i == index || option.repeatable) return option.completes;
    ++i;
  }
  return Completes::kNothing;
}

/// Which completion the value of an option wants: "--schema|--messages" of one verb.
std::string options_completing(const Arguments& arguments, Completes kind) {
  std::string names;
  for (const Option& option : arguments.options()) {
    if (option.is_positional() || option.completes != kind) continue;
    if (!names.empty()) names += '|';
    names += option.long_name();
  }
  return names;
}

std::string verb_names() {
  std::string names;
  for (const Verb& verb : verbs())
    names += (names.empty() ? "" : " ") + std::string(verb.name);
  return names;
}

std::string bash_action(Completes kind) {
  switch (kind) {
    case Completes::kModel:
      return "COMPREPLY=($(compgen -W \"$(ingle list --quiet 2>/dev/null)\" -- \"$cur\") $(compgen -f -X '!*.gguf' -- "
             "\"$cur\")); __ltrim_colon_completions \"$cur\" 2>/dev/null";
    case Completes::kFile:
      return "COMPREPLY=($(compgen -f -- \"$cur\"))";
    case Completes::kVerb:
      return fmt::format("COMPREPLY=($(compgen -W \"{}\" -- \"$cur\"))", verb_names());
    case Completes::kNothing:
      break;
  }
  return "COMPREPLY=()";
}

std::string bash_script() {
  std::string script =
      "# bash completion for ingle\n"
      "_ingle() {\n"
      "  local cur prev words cword verb n i\n"
      "  if declare -F _get_comp_words_by_ref >/dev/null; then\n"
      "    _get_comp_words_by_ref -n : cur prev words cword\n"
      "  else\n"
      "    cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=(\"${COMP_WORDS[@]}\") cword=$COMP_CWORD\n"
      "  fi\n"
      "  if ((cword == 1)); then\n";
  script += fmt::format("    COMPREPLY=($(compgen -W \"{} --help --version\" -- \"$cur\"))\n    return\n  fi\n",
                        verb_names());
  script +=
      "  verb=${words[1]} n=0\n"
      "  for ((i = 2; i < cword; i++)); do [[ ${words[i]} == -* ]] || ((n++)); done\n"
      "  case $verb in\n";
  for (const Verb& verb : verbs()) {
    const auto command = verb.make();
    const Arguments arguments = told_arguments(*command);
    script += fmt::format("    {}{})\n", verb.name, verb.alias.empty() ? "" : "|" + std::string(verb.alias));
    for (const Completes kind : {Completes::kFile, Completes::kModel})
      if (const std::string names = options_completing(arguments, kind); !names.empty())
        script += fmt::format("      case $prev in {}) {}; return;; esac\n", names, bash_action(kind));
    script += fmt::format(
        "      if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W \"{}\" -- \"$cur\"))\n"
        "      elif ((n == 0)); then {}\n"
        "      else {}; fi;;\n",
        joined_options(arguments), bash_action(positional_kind(arguments, 0)),
        bash_action(positional_kind(arguments, 1)));
  }
  return script + "  esac\n}\ncomplete -F _ingle ingle\n";
}

std::string quote_zsh(std::string_view text) {
  std::string quoted;
  for (const char c : text) {
    if (c == '\'') {
      quoted += "'\\''";
    } else if (c == ':' || c == '[' || c == ']') {
      quoted += '\\';
      quoted += c;
    } else {
      quoted += c;
    }
  }
  return quoted;
}

std::string zsh_action(Completes kind) {
  switch (kind) {
    case Completes::kModel:
      return "_ingle_models";
    case Completes::kFile:
      return "_files";
    case Completes::kVerb:
      return "(" + verb_names() + ")";
    case Completes::kNothing:
      break;
  }
  return "";
}

std::string zsh_script() {
  std::string script =
      "#compdef ingle\n"
      "_ingle_models() {\n"
      "  local -a models\n"
      "  models=(${(f)\"$(ingle list --quiet 2>/dev/null)\"})\n"
      "  _alternative \"models:model:(${models[*]//:/\\\\:})\" 'files:file:_files -g \"*.gguf\"'\n"
      "}\n"
      "_ingle() {\n"
      "  local -a verbs\n"
      "  verbs=(\n";
  for (const Verb& verb : verbs())
    script += fmt::format("    '{}:{}'\n", verb.name, quote_zsh(verb.summary));
  script +=
      "  )\n"
      "  if ((CURRENT == 2)); then _describe verb verbs; return; fi\n"
      "  local verb=${words[2]}\n"
      "  shift words; ((CURRENT--))\n"
      "  case $verb in\n";
  for (const Verb& verb : verbs()) {
    const auto command = verb.make();
    const Arguments arguments = told_arguments(*command);
    script += fmt::format("    {}{}) _arguments '(- *)--help[print help]'", verb.name,
                          verb.alias.empty() ? "" : "|" + std::string(verb.alias));
    for (const Option& option : arguments.options()) {
      const std::string value =
          option.is_flag() ? "" : fmt::format(":{}:{}", quote_zsh(option.value_name), zsh_action(option.completes));
      if (option.is_positional()) {
        script += fmt::format(" '{}{}'", option.repeatable ? "*" : "", value);
        continue;
      }
      const std::string name = option.long_name().empty() ? option.short_name() : option.long_name();
      script += fmt::format(" '{}{}[{}]{}'", option.repeatable ? "*" : "", name, quote_zsh(option.help), value);
    }
    script += ";;\n";
  }
  return script + "  esac\n}\n_ingle \"$@\"\n";
}

std::string quote_fish(std::string_view text) {
  std::string quoted;
  for (const char c : text) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted;
}

std::string fish_action(Completes kind) {
  switch (kind) {
    case Completes::kModel:
      return "-a '(ingle list --quiet 2>/dev/null; __fish_complete_suffix .gguf)'";
    case Completes::kFile:
      return "-F";
    case Completes::kVerb:
      return "-a '" + verb_names() + "'";
    case Completes::kNothing:
      break;
  }
  return "";
}

std::string fish_script() {
  std::string script = "# fish completion for ingle\ncomplete -c ingle -f\n";
  for (const Verb& verb : verbs())
    script +=
        fmt::format("complete -c ingle -n __fish_use_subcommand -a {} -d '{}'\n", verb.name, quote_fish(verb.summary));
  for (const Verb& verb : verbs()) {
    const auto command = verb.make();
    const Arguments arguments = told_arguments(*command);
    const std::string where =
        fmt::format("complete -c ingle -n '__fish_seen_subcommand_from {} {}'", verb.name, verb.alias);
    for (const Option& option : arguments.options()) {
      const std::string action = fish_action(option.completes);
      if (option.is_positional()) {
        if (!action.empty()) script += fmt::format("{} {}\n", where, action);
        continue;
      }
      script += where;
      if (!option.short_name().empty()) script += " -s " + option.short_name().substr(1);
      if (!option.long_name().empty()) script += " -l " + option.long_name().substr(2);
      if (!option.is_flag()) script += " -r";
      if (!action.empty()) script += " " + action;
      script += fmt::format(" -d '{}'\n", quote_fish(option.help));
    }
  }
  return script;
}

class Completion : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.positional(shell_, "SHELL", "bash, zsh or fish");
    arguments.flag(json_, "--json", "print {\"shell\", \"script\"} instead of the script");
  }

  Result<int> run(Context& context) override {
    std::string script;
    if (shell_ == "bash") {
      script = bash_script();
    } else if (shell_ == "zsh") {
      script = zsh_script();
    } else if (shell_ == "fish") {
      script = fish_script();
    } else {
      constexpr std::string_view kShells[] = {"bash", "zsh", "fish"};
      return std::unexpected(unknown_action("completion", shell_, kShells));
    }
    if (json_) {
      JsonWriter json;
      json.begin_object().member("shell", shell_).member("script", script).end_object();
      script = json.take_line();
    }
    context.console.out(script);
    return 0;
  }

 private:
  std::string shell_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_completion() {
  return std::make_unique<Completion>();
}

}  // namespace ingle::cli
