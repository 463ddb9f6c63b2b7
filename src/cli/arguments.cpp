#include "cli/arguments.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace ingle::cli {

std::string Option::long_name() const {
  const size_t at = names.find("--");
  return at == std::string::npos ? "" : names.substr(at);
}

std::string Option::short_name() const {
  return names.starts_with("--") ? "" : names.substr(0, names.find(','));
}

Result<double> parse_double(std::string_view text, std::string_view what, double minimum, double maximum) {
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size() || !std::isfinite(value) || value < minimum ||
      value > maximum)
    return std::unexpected(
        Error::usage(fmt::format("{} wants a number from {} to {}, not '{}'", what, minimum, maximum, text)));
  return value;
}

Result<int64_t> parse_integer(std::string_view text, std::string_view what, int64_t minimum, int64_t maximum) {
  int64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size() || value < minimum || value > maximum)
    return std::unexpected(
        Error::usage(fmt::format("{} wants a whole number from {} to {}, not '{}'", what, minimum, maximum, text)));
  return value;
}

Option& Arguments::add(std::string_view names, std::string_view value_name, std::string_view help, Setter set) {
  Option& option = options_.emplace_back();
  option.names = names;
  option.value_name = value_name;
  option.help = help;
  option.group = group_;
  option.set = std::move(set);
  return option;
}

Option& Arguments::flag(bool& target, std::string_view names, std::string_view help) {
  return add(names, "", help, [&target](const std::string&) -> Status {
    target = true;
    return {};
  });
}

Option& Arguments::value(std::string& target, std::string_view names, std::string_view value_name,
                         std::string_view help) {
  return add(names, value_name, help, [&target](const std::string& text) -> Status {
    target = text;
    return {};
  });
}

Option& Arguments::file(std::string& target, std::string_view names, std::string_view help) {
  Option& option = add(names, "FILE", help, [&target, name = std::string(names)](const std::string& text) -> Status {
    if (text.empty())
      return std::unexpected(Error::usage(name + " has an empty name of a file after it")
                                 .hint("is a variable of the script unset? Leave " + name + " out to do without"));
    if (!target.empty())
      return std::unexpected(
          Error::usage(name + " is given twice, '" + target + "' and '" + text + "'").hint("give one of them"));
    target = text;
    return {};
  });
  option.once = true;
  option.completes = Completes::kFile;
  return option;
}

Option& Arguments::value(std::optional<std::string>& target, std::string_view names, std::string_view value_name,
                         std::string_view help) {
  return add(names, value_name, help, [&target](const std::string& text) -> Status {
    target = text;
    return {};
  });
}

Option& Arguments::value(std::optional<double>& target, std::string_view names, std::string_view value_name,
                         std::string_view help, double minimum, double maximum) {
  return add(names, value_name, help,
             [&target, minimum, maximum, what = std::string(names)](const std::string& text) -> Status {
               INGLE_TRY(target, parse_double(text, what, minimum, maximum));
               return {};
             });
}

Option& Arguments::value(std::optional<int64_t>& target, std::string_view names, std::string_view value_name,
                         std::string_view help, int64_t minimum, int64_t maximum) {
  return add(names, value_name, help,
             [&target, minimum, maximum, what = std::string(names)](const std::string& text) -> Status {
               INGLE_TRY(target, parse_integer(text, what, minimum, maximum));
               return {};
             });
}

Option& Arguments::values(std::vector<std::string>& target, std::string_view names, std::string_view value_name,
                          std::string_view help) {
  Option& option = add(names, value_name, help, [&target](const std::string& text) -> Status {
    target.push_back(text);
    return {};
  });
  option.repeatable = true;
  return option;
}

Option& Arguments::values(std::vector<int64_t>& target, std::string_view names, std::string_view value_name,
                          std::string_view help, int64_t minimum, int64_t maximum) {
  Option& option = add(names, value_name, help,
                       [&target, minimum, maximum, what = std::string(names)](const std::string& text) -> Status {
                         INGLE_TRY(const int64_t number, parse_integer(text, what, minimum, maximum));
                         target.push_back(number);
                         return {};
                       });
  option.repeatable = true;
  option.comma_separated = true;
  return option;
}

Option& Arguments::positional(std::string& target, std::string_view value_name, std::string_view help, bool required) {
  Option& option = value(target, "", value_name, help);
  option.required = required;
  return option;
}

Option& Arguments::positionals(std::vector<std::string>& target, std::string_view value_name, std::string_view help,
                               bool required) {
  Option& option = values(target, "", value_name, help);
  option.required = required;
  return option;
}

}  // namespace ingle::cli
