#include <fmt/format.h>

#include "base/suggest.h"
#include "cli/json_writer.h"
#include "cli/verb.h"

namespace ingle::cli {
namespace {

/// As it counts: the switch 'ingle offline on' has the effect of the setting.
struct Shown {
  std::string value;
  std::string origin;
  std::string from;

  /// "one a physical core" of 0.
  std::string_view means(const app::SettingRow& row) const {
    return value.empty() || value == "0" ? row.when_empty : std::string_view();
  }
};

Shown shown(const Context& context, const app::SettingRow& row) {
  const app::Settings& settings = context.app->settings();
  if (row.name == "offline" && context.app->offline().on() && !context.app->offline().by_setting())
    return {"true", "switch", "'ingle offline on'"};
  return {settings.value_text(row.name), std::string(app::to_string(settings.origin(row.name))),
          settings.origin_detail(row.name)};
}

class Config : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.positional(name_, "NAME", "print the value of this setting only", false);
    arguments.flag(json_, "--json", "print a JSON object a line");
  }

  Result<int> run(Context& context) override {
    const app::Settings& settings = context.app->settings();
    if (!name_.empty()) return print_one(context);
    if (json_) {
      JsonWriter json;
      for (const app::SettingRow& row : app::setting_rows()) {
        write(json, shown(context, row), row);
        context.console.out(json.take_line());
      }
      return 0;
    }
    std::string text = fmt::format("# config file: {}\n", settings.config_path().string());
    for (const app::SettingRow& row : app::setting_rows()) {
      const Shown setting = shown(context, row);
      text += fmt::format("{:<22}{:<28}{}", row.name, app::variables_of(row).front(),
                          setting.value.empty() ? "-" : setting.value);
      if (const std::string_view means = setting.means(row); !means.empty()) text += fmt::format(" ({})", means);
      text += setting.origin == "default" ? "\n" : fmt::format("  from {}\n", setting.from);
    }
    for (const std::string& note : settings.notes)
      text += "# note: " + note + "\n";
    context.console.out(text);
    return 0;
  }

 private:
  static void write(JsonWriter& json, const Shown& setting, const app::SettingRow& row) {
    json.begin_object()
        .member("name", row.name)
        .member("value", setting.value)
        .member("type", app::type_name(row))
        .member("origin", setting.origin)
        .member("from", setting.from)
        .member("default", row.fallback);
    json.key("environment").begin_array();
    for (const std::string& name : app::variables_of(row))
      json.string(name);
    json.end_array().member("help", app::whole_help(row)).end_object();
  }

  Result<int> print_one(Context& context) const {
    std::vector<std::string_view> names;
    for (const app::SettingRow& row : app::setting_rows()) {
      names.push_back(row.name);
      if (row.name != name_) continue;
      if (json_) {
        JsonWriter json;
        write(json, shown(context, row), row);
        context.console.out(json.take_line());
      } else {
        const Shown setting = shown(context, row);
        context.console.out(setting.value + "\n");
        if (const std::string_view means = setting.means(row); !means.empty())
          context.console.talk(fmt::format("{}: {}\n", setting.value.empty() ? "empty" : setting.value, means));
      }
      return 0;
    }
    const auto near = base::closest(name_, names);
    return std::unexpected(
        Error::usage("there is no setting '" + name_ + "'")
            .hint(near ? "did you mean '" + std::string(*near) + "'?" : "'ingle config' lists all settings"));
  }

  std::string name_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_config() {
  return std::make_unique<Config>();
}

}  // namespace ingle::cli
