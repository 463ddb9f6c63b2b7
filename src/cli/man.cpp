#include <fmt/format.h>

#include <cctype>

#include "app/settings.h"
#include "cli/help.h"
#include "cli/json_writer.h"

namespace ingle::cli {
namespace {

/// Text as roff shows it unchanged.
std::string roff(std::string_view text) {
  std::string escaped;
  bool line_start = true;
  for (const char c : text) {
    if (line_start && (c == '.' || c == '\'')) escaped += "\\&";
    if (c == '\\') {
      escaped += "\\e";
    } else if (c == '-') {
      escaped += "\\-";
    } else {
      escaped += c;
    }
    line_start = c == '\n';
  }
  return escaped;
}

void append_option(std::string& page, const Option& option) {
  std::string label;
  if (option.is_positional()) {
    label = "\\fI" + roff(option.value_name) + "\\fR";
  } else {
    const std::string short_name = option.short_name();
    if (!short_name.empty()) label = "\\fB" + roff(short_name) + "\\fR";
    if (!option.long_name().empty()) label += (label.empty() ? "\\fB" : ", \\fB") + roff(option.long_name()) + "\\fR";
    if (!option.is_flag()) label += " \\fI" + roff(option.value_name) + "\\fR";
  }
  page += fmt::format(".TP\n{}\n{}\n", label, roff(option.help));
}

void append_verb(std::string& page, const Verb& verb) {
  const auto command = verb.make();
  const Arguments arguments = told_arguments(*command);
  page +=
      fmt::format(".SS {}\n.B {}\n.PP\n{}.\n", roff(verb.name), roff(usage_line(verb, arguments)), roff(verb.summary));
  if (!verb.description.empty()) page += fmt::format(".PP\n{}\n", roff(verb.description));
  for (const Option& option : arguments.options())
    append_option(page, option);
  if (!verb.examples.empty()) page += fmt::format(".PP\nExamples:\n.PP\n.nf\n.RS\n{}\n.RE\n.fi\n", roff(verb.examples));
}

std::string manual_page() {
  std::string page = fmt::format(
      ".TH INGLE 1 \"\" \"Inglenook {}\" \"User Commands\"\n"
      ".SH NAME\ningle \\- run small language models on this machine's own processor\n"
      ".SH SYNOPSIS\n.B ingle\n\\fIVERB\\fR [\\fIOPTIONS\\fR] ...\n"
      ".SH DESCRIPTION\nInglenook reads model files in the GGUF format and answers with them, on the processor and "
      "without a network connection. Data goes to standard output, everything else to standard error.\n"
      ".SH VERBS\n",
      INGLE_VERSION);
  for (const Verb& verb : verbs())
    append_verb(page, verb);
  page += ".SH ENVIRONMENT\n";
  for (const app::SettingRow& row : app::setting_rows())
    for (const std::string& name : app::variables_of(row))
      page += fmt::format(".TP\n.B {}\n{}\n", roff(name), roff(app::whole_help(row)));
  page +=
      ".SH FILES\n.TP\n.I ~/.ingle/config.toml\nSettings; 'ingle config' prints them.\n"
      ".TP\n.I ~/.ingle/models\nModels, in the layout that Ollama uses.\n"
      ".TP\n.I ~/.ingle/chats\nConversations kept with /save.\n"
      ".SH EXIT STATUS\n"
      ".TP\n0\nDone.\n.TP\n1\nFailed.\n.TP\n2\nWrong usage.\n.TP\n3\nThe input was refused; the message says why.\n"
      ".TP\n130\nInterrupted.\n";
  return page;
}

class Man : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.flag(json_, "--json", "print {\"page\"} instead of the page");
  }
  Result<int> run(Context& context) override {
    std::string page = manual_page();
    if (json_) {
      JsonWriter json;
      json.begin_object().member("page", page).end_object();
      page = json.take_line();
    }
    context.console.out(page);
    return 0;
  }

 private:
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_man() {
  return std::make_unique<Man>();
}

}  // namespace ingle::cli
