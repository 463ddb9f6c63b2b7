// Arguments: what a verb accepts, as data. Parsing, help, shell completion and the man page all read the same list.
//
// A verb declares into it variables of its own, which must outlive it; parse() (parse.cpp, the only user of CLI11) then
// fills them. Used by one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ingle::cli {

/// What a shell may complete a value with.
enum class Completes : uint8_t { kNothing, kModel, kFile, kVerb };

struct Option {
  std::string names;       // "-t,--threads"; empty for a positional
  std::string value_name;  // "N"; empty for a flag
  std::string help;
  std::string group;
  Completes completes = Completes::kNothing;
  bool required = false;
  bool repeatable = false;
  bool comma_separated = false;
  bool once = false;                              // `set` sees every value, and refuses a second
  bool hidden = false;                            // understood, and not told: what this version refuses with a reason
  std::function<Status(const std::string&)> set;  // called once a value, or once for a flag

  bool is_positional() const { return names.empty(); }
  bool is_flag() const { return value_name.empty(); }
  std::string long_name() const;   // "--threads"
  std::string short_name() const;  // "-t" or ""
};

class Arguments {
 public:
  /// Options declared from now on stand under this heading in the help.
  void group(std::string_view heading) { group_ = heading; }

  using Setter = std::function<Status(const std::string&)>;
  /// `set` gets every value as it was typed.
  Option& option(std::string_view names, std::string_view value_name, std::string_view help, Setter set) {
    return add(names, value_name, help, std::move(set));
  }
  Option& flag(bool& target, std::string_view names, std::string_view help);
  Option& value(std::string& target, std::string_view names, std::string_view value_name, std::string_view help);
  Option& value(std::optional<std::string>& target, std::string_view names, std::string_view value_name,
                std::string_view help);
  Option& value(std::optional<double>& target, std::string_view names, std::string_view value_name,
                std::string_view help, double minimum, double maximum);
  Option& value(std::optional<int64_t>& target, std::string_view names, std::string_view value_name,
                std::string_view help, int64_t minimum, int64_t maximum);
  /// The path of a file, given at most once: an empty one, or a second, would drop silently what was asked for.
  Option& file(std::string& target, std::string_view names, std::string_view help);
  /// Repeatable text.
  Option& values(std::vector<std::string>& target, std::string_view names, std::string_view value_name,
                 std::string_view help);
  /// Numbers separated by commas.
  Option& values(std::vector<int64_t>& target, std::string_view names, std::string_view value_name,
                 std::string_view help, int64_t minimum, int64_t maximum);
  Option& positional(std::string& target, std::string_view value_name, std::string_view help, bool required = true);
  Option& positionals(std::vector<std::string>& target, std::string_view value_name, std::string_view help,
                      bool required = false);

  std::span<const Option> options() const { return options_; }
  void remove_hidden() {
    std::erase_if(options_, [](const Option& option) { return option.hidden; });
  }

 private:
  Option& add(std::string_view names, std::string_view value_name, std::string_view help, Setter set);
  std::vector<Option> options_;
  std::string group_;
};

/// Parses the words after the verb and sets the declared variables. `help_wanted` becomes true at -h or --help, and then
/// nothing else is checked.
Status parse_arguments(const Arguments& arguments, std::string_view verb, std::span<const std::string> words,
                       bool& help_wanted);

Result<double> parse_double(std::string_view text, std::string_view what, double minimum, double maximum);
Result<int64_t> parse_integer(std::string_view text, std::string_view what, int64_t minimum, int64_t maximum);

}  // namespace ingle::cli
