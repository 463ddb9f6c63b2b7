#include "cli/help.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/suggest.h"
#include "cli/json_writer.h"

namespace ingle::cli {
namespace {

constexpr int kNameColumn = 17;
constexpr int kOptionColumn = 28;

/// By VerbGroup.
constexpr std::string_view kGroups[] = {
    "Talk", "Models", "Documents", "Server and app", "Privacy", "Measure and check", "This program"};

std::string option_label(const Option& option) {
  std::string label;
  if (option.short_name().empty()) {
    label = "    " + option.long_name();
  } else {
    label = option.short_name();
    if (!option.long_name().empty()) label += ", " + option.long_name();
  }
  if (!option.is_flag()) label += " " + option.value_name;
  return label;
}

void append_row(std::string& text, const std::string& label, std::string_view help, int column, int width) {
  text += "  " + label;
  const int used = 2 + display_width(label);
  if (used + 2 > column) {
    text += "\n" + std::string(static_cast<size_t>(column), ' ');
  } else {
    text += std::string(static_cast<size_t>(column - used), ' ');
  }
  text += wrap(help, width - column, column) + "\n";
}

class Help : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.positional(verb_, "VERB", "the verb to explain", false).completes = Completes::kVerb;
    arguments.flag(json_, "--json", "print the verbs and their options as JSON, an object a line");
  }

  Result<int> run(Context& context) override {
    const Verb* verb = find_verb(verb_);
    if (!verb_.empty() && verb == nullptr) return std::unexpected(unknown_verb(verb_));
    if (json_) {
      for (const Verb& row : verbs())
        if (verb == nullptr || verb == &row) context.console.out(describe(row));
      return 0;
    }
    if (verb == nullptr) {
      context.console.out(overview_text());
      return 0;
    }
    context.console.out(verb_help(*verb, std::clamp(context.console.width(), 60, 100)));
    return 0;
  }

 private:
  static std::string describe(const Verb& verb) {
    const auto command = verb.make();
    const Arguments arguments = told_arguments(*command);
    JsonWriter json;
    json.begin_object().member("verb", verb.name).member("alias", verb.alias).member("summary", verb.summary);
    json.member("usage", usage_line(verb, arguments)).key("options").begin_array();
    for (const Option& option : arguments.options()) {
      json.begin_object()
          .member("names", option.names)
          .member("value", option.value_name)
          .member("required", option.required)
          .member("help", option.help)
          .end_object();
    }
    json.end_array().end_object();
    return json.take_line();
  }

  std::string verb_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_help() {
  return std::make_unique<Help>();
}

std::string version_text() {
  return "ingle " INGLE_VERSION "\n";
}

std::string overview_text() {
  std::string text =
      "Inglenook runs small language models on this machine's own processor.\n"
      "\n"
      "Usage: ingle VERB [OPTIONS]\n"
      "\n"
      "To begin: ingle run qwen2.5-coder:0.5b      # pulls the model first, then talks with you\n";
  for (size_t group = 0; group < std::size(kGroups); ++group) {
    text += fmt::format("\n{}:\n", kGroups[group]);
    for (const Verb& verb : verbs())
      if (static_cast<size_t>(verb.group) == group)
        append_row(text, std::string(verb.name), verb.summary, kNameColumn, 100);
  }
  text +=
      "\n"
      "'ingle help VERB' explains one of them, 'ingle --version' prints the version.\n";
  return text;
}

std::string wrap(std::string_view text, int width, int indent) {
  std::string wrapped;
  int column = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find_first_of(" \n"), text.size());
    const std::string_view word = text.substr(0, end);
    const int length = display_width(word);
    if (column > 0 && column + 1 + length > std::max(width, 20)) {
      wrapped += "\n" + std::string(static_cast<size_t>(indent), ' ');
      column = 0;
    } else if (column > 0) {
      wrapped += ' ';
      ++column;
    }
    wrapped += word;
    column += length;
    if (end < text.size() && text[end] == '\n') {
      wrapped += "\n" + std::string(static_cast<size_t>(indent), ' ');
      column = 0;
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return wrapped;
}

std::string usage_line(const Verb& verb, const Arguments& arguments) {
  std::string line = fmt::format("ingle {} [OPTIONS]", verb.name);
  for (const Option& option : arguments.options()) {
    if (!option.is_positional()) continue;
    const std::string name = option.value_name + (option.repeatable ? "..." : "");
    line += option.required ? " " + name : " [" + name + "]";
  }
  return line;
}

/// Words that other programs of the kind know, and what does it here.
std::string_view habit(std::string_view word) {
  static constexpr std::pair<std::string_view, std::string_view> kHabits[] = {
      {"-v", "'ingle --version' prints the version"},
      {"push", "models are only pulled: 'ingle pull NAME'"},
  };
  const auto* row = std::ranges::find(kHabits, word, [](const auto& pair) { return pair.first; });
  return row == std::end(kHabits) ? "" : row->second;
}

Error unknown_verb(std::string_view word) {
  if (const std::string_view known = habit(word); !known.empty())
    return Error::usage("there is no verb '" + std::string(word) + "'").hint(std::string(known));
  std::vector<std::string_view> names;
  for (const Verb& verb : verbs()) {
    names.push_back(verb.name);
    if (!verb.alias.empty()) names.push_back(verb.alias);
  }
  const auto near = base::closest(word, names);
  return Error::usage("there is no verb '" + std::string(word) + "'")
      .hint(near ? "did you mean 'ingle " + std::string(*near) + "'?" : "'ingle help' lists all verbs");
}

Error unknown_action(std::string_view verb, std::string_view word, std::span<const std::string_view> known) {
  const auto near = base::closest(word, known);
  return Error::usage(fmt::format("'ingle {}' knows no '{}'", verb, word))
      .hint(near ? fmt::format("did you mean 'ingle {} {}'?", verb, *near)
                 : fmt::format("it takes {}", fmt::join(known, ", ")));
}

Arguments declared_arguments(Command& command) {
  Arguments arguments;
  command.declare(arguments);
  return arguments;
}

Arguments told_arguments(Command& command) {
  Arguments arguments = declared_arguments(command);
  arguments.remove_hidden();
  return arguments;
}

std::string verb_help(const Verb& verb, int width) {
  const auto command = verb.make();
  const Arguments arguments = told_arguments(*command);
  std::string text = fmt::format("{}\n\nUsage: {}\n", verb.summary, usage_line(verb, arguments));
  if (!verb.alias.empty()) text += fmt::format("Alias: {}\n", verb.alias);
  if (!verb.description.empty()) text += "\n" + wrap(verb.description, width, 0) + "\n";

  bool first_positional = true;
  for (const Option& option : arguments.options()) {
    if (!option.is_positional()) continue;
    if (first_positional) text += "\nArguments:\n";
    first_positional = false;
    append_row(text, option.value_name, option.help, kOptionColumn, width);
  }
  // Options stand under their headings in the order in which the headings first appear.
  std::vector<std::string> groups;
  for (const Option& option : arguments.options())
    if (!option.is_positional() && std::ranges::find(groups, option.group) == groups.end())
      groups.push_back(option.group);
  if (std::ranges::find(groups, "") == groups.end()) groups.insert(groups.begin(), "");
  for (const std::string& group : groups) {
    text += fmt::format("\n{}:\n", group.empty() ? "Options" : group);
    for (const Option& option : arguments.options())
      if (!option.is_positional() && option.group == group)
        append_row(text, option_label(option), option.help, kOptionColumn, width);
    if (group.empty()) append_row(text, "-h, --help", "print this text", kOptionColumn, width);
  }
  if (!verb.examples.empty()) {
    text += "\nExamples:\n";
    std::string_view lines = verb.examples;
    while (!lines.empty()) {
      const size_t end = std::min(lines.find('\n'), lines.size());
      text += fmt::format("  {}\n", lines.substr(0, end));
      lines.remove_prefix(std::min(end + 1, lines.size()));
    }
  }
  return text;
}

}  // namespace ingle::cli
