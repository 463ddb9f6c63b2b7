#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/suggest.h"
#include "cli/arguments.h"

namespace ingle::cli {
namespace {

/// Options that other programs of the kind have, and what does it here.
struct Habit {
  std::string_view verb;
  std::string_view option;
  std::string_view hint;
};

constexpr Habit kHabits[] = {
    {"run", "--format", "--schema FILE: the answer is JSON that fits the schema"},
    {"run", "--keepalive", "'ingle serve' keeps models loaded, for as long as the setting keep_alive says"},
    {"serve", "--port", "--host 127.0.0.1:PORT"},
    {"show", "--modelfile", "there are no Modelfiles; --template prints the chat template"},
};

/// The hint for a word that no option has: the option that was probably meant.
std::string hint_for(const Arguments& arguments, std::string_view verb, std::span<const std::string> words) {
  std::vector<std::string> names = {"--help"};
  for (const Option& option : arguments.options())
    if (!option.is_positional()) names.push_back(option.long_name());
  const std::vector<std::string_view> known(names.begin(), names.end());
  for (const std::string& word : words) {
    const std::string_view name = std::string_view(word).substr(0, word.find('='));
    if (!name.starts_with("--") || std::ranges::find(names, name) != names.end()) continue;
    for (const Habit& habit : kHabits)
      if (habit.verb == verb && habit.option == name) return std::string(habit.hint);
    if (const auto near = base::closest(name, known)) return "did you mean " + std::string(*near) + "?";
  }
  return "'ingle " + std::string(verb) + " --help' shows what it accepts";
}

/// Only a value at the very end can be missing: anywhere else the next word is taken for it.
Error value_missing(const Arguments& arguments, std::string_view verb, std::span<const std::string> words) {
  const std::string help = "'ingle " + std::string(verb) + " --help' shows what it accepts";
  for (size_t i = words.size(); i-- > 0;) {
    for (const Option& option : arguments.options()) {
      const std::string& word = words[i];
      if (option.is_positional() || option.is_flag() || (word != option.long_name() && word != option.short_name()))
        continue;
      if (i + 1 < words.size() && !words[i + 1].starts_with('-')) continue;
      return Error::usage(word + " wants " + option.value_name + " after it").hint(help);
    }
  }
  return Error::usage("ingle " + std::string(verb) + ": an option has no value after it").hint(help);
}

/// Hands the words that belong to no option to the positionals, in order; the last one may take all that are left.
Status fill_positionals(const Arguments& arguments, std::string_view verb, std::span<const std::string> words) {
  const std::string help = "'ingle " + std::string(verb) + " --help' shows what it accepts";
  for (const Option& option : arguments.options()) {
    if (!option.is_positional()) continue;
    if (words.empty() && option.required)
      return std::unexpected(
          Error::usage("ingle " + std::string(verb) + ": " + option.value_name + " is missing").hint(help));
    const size_t taken = option.repeatable ? words.size() : std::min<size_t>(1, words.size());
    for (const std::string& word : words.first(taken))
      INGLE_TRY_VOID(option.set(word));
    words = words.subspan(taken);
  }
  if (words.empty()) return {};
  return std::unexpected(
      Error::usage("ingle " + std::string(verb) + ": '" + words.front() + "' is one word too many").hint(help));
}

}  // namespace

Status parse_arguments(const Arguments& arguments, std::string_view verb, std::span<const std::string> words,
                       bool& help_wanted) {
  CLI::App parser{"", "ingle " + std::string(verb)};
  parser.set_help_flag();
  parser.add_flag("-h,--help", help_wanted);
  // CLI11 would split a positional such as "[a, b]" at its commas, so that they are taken from what it leaves over.
  parser.allow_extras();

  std::vector<std::pair<const Option*, CLI::Option*>> declared;
  for (const Option& option : arguments.options()) {
    if (option.is_positional()) continue;
    CLI::Option* row = option.is_flag() ? parser.add_flag(option.names) : parser.add_option(option.names);
    if (option.is_flag()) row->disable_flag_override();
    if (!option.is_flag())
      row->expected(1)->multi_option_policy(option.repeatable || option.once ? CLI::MultiOptionPolicy::TakeAll
                                                                             : CLI::MultiOptionPolicy::TakeLast);
    if (option.comma_separated) row->delimiter(',');
    declared.emplace_back(&option, row);
  }

  const auto dashes = std::ranges::find(words, "--");
  const auto before = words.first(static_cast<size_t>(dashes - words.begin()));
  std::vector<std::string> positional;
  try {
    std::vector<std::string> reversed(before.rbegin(), before.rend());  // CLI11 pops from the back
    parser.parse(std::move(reversed));
    positional = parser.remaining();
  } catch (const CLI::ArgumentMismatch&) {
    if (help_wanted) return {};
    return std::unexpected(value_missing(arguments, verb, before));
  } catch (const CLI::ParseError& error) {
    if (help_wanted) return {};
    return std::unexpected(Error::usage(error.what()).hint(hint_for(arguments, verb, words)));
  }
  if (help_wanted) return {};

  for (const std::string& word : positional) {
    if (word.size() < 2 || word[0] != '-') continue;
    return std::unexpected(Error::usage("ingle " + std::string(verb) + ": there is no option '" + word + "'")
                               .hint(hint_for(arguments, verb, before)));
  }
  if (dashes != words.end()) positional.insert(positional.end(), dashes + 1, words.end());
  INGLE_TRY_VOID(fill_positionals(arguments, verb, positional));
  for (const auto& [option, row] : declared) {
    if (row->count() == 0) continue;
    if (option->is_flag()) {
      INGLE_TRY_VOID(option->set(""));
      continue;
    }
    for (const std::string& value : row->results())
      INGLE_TRY_VOID(option->set(value));
  }
  return {};
}

}  // namespace ingle::cli
