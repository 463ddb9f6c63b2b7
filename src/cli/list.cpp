#include <chrono>
#include <ctime>

#include "base/utc.h"
#include "cli/json_writer.h"
#include "cli/table.h"
#include "cli/verb.h"

namespace ingle::cli {
namespace {

/// "?" for a file that this version cannot read, which `show` then explains. The catalog knows files by their digest.
std::string quantization_of(Context& context, const store::InstalledModel& model) {
  const store::CatalogEntry* entry = context.app->store().catalog().find(model.name);
  if (entry != nullptr && !model.digest.empty() && entry->digest == model.digest) return entry->quantization;
  const auto facts = context.app->facts(app::Front::files_of(model));
  return facts ? facts->summary.quantization : "?";
}

class List : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.flag(quiet_, "-q,--quiet", "print names only");
    arguments.flag(available_, "-a,--available", "also list what 'ingle pull' knows and is not installed");
    arguments.flag(json_, "--json", "print a JSON object a line");
  }

  Result<int> run(Context& context) override {
    std::vector<Error> problems;
    INGLE_TRY(const auto installed, context.app->store().list(&problems));
    if (quiet_) {
      for (const auto& model : installed)
        print_name(context, model.name);
    } else if (json_) {
      for (const auto& model : installed)
        print_json(context, model);
    } else {
      print_table(context, installed);
    }
    if (available_) print_available(context, installed);
    for (const Error& problem : problems)
      print_error(context.console, problem);
    return 0;
  }

 private:
  void print_name(Context& context, const store::ModelName& name) const {
    if (!json_) return context.console.out(name.display() + "\n");
    JsonWriter json;
    json.begin_object().member("name", name.display()).end_object();
    context.console.out(json.take_line());
  }

  static void print_json(Context& context, const store::InstalledModel& model) {
    JsonWriter json;
    json.begin_object()
        .member("name", model.name.display())
        .member("size", model.size)
        .member("quantization", quantization_of(context, model))
        .member("modified", base::utc_text(model.modified) + "Z");
    json.member("digest", model.id.hex()).member("id", model.id.hex());
    if (!model.digest.empty()) json.member("weights", model.digest.text());
    json.member("source", store::to_string(model.origin)).member("path", model.path.string()).end_object();
    context.console.out(json.take_line());
  }

  void print_table(Context& context, const std::vector<store::InstalledModel>& installed) const {
    if (installed.empty()) {
      if (available_) return;
      context.console.talk(
          "No model is installed in " + context.app->store().paths().models.string() +
          ".\n'ingle list --available' shows what can be pulled, 'ingle pull qwen2.5-coder:0.5b' is a good start.\n");
      return;
    }
    const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    std::vector<TableRow> rows = {{"NAME", "SIZE", "QUANT", "MODIFIED", "SOURCE"}};
    for (const auto& model : installed)
      rows.push_back({model.name.display(), format_bytes(model.size), quantization_of(context, model),
                      format_age(static_cast<int64_t>(now) - model.modified),
                      std::string(store::to_string(model.origin))});
    context.console.out(table_text(rows));
  }

  void print_available(Context& context, const std::vector<store::InstalledModel>& installed) const {
    std::vector<TableRow> rows = {{"AVAILABLE", "SIZE", "QUANT", "COMMERCIAL USE", "TITLE"}};
    for (const store::CatalogEntry& entry : context.app->store().catalog().entries()) {
      bool is_installed = false;
      for (const auto& model : installed)
        is_installed = is_installed || model.name.same_as(entry.name);
      if (is_installed) continue;
      if (quiet_) {
        print_name(context, entry.name);
      } else if (json_) {
        JsonWriter json;
        json.begin_object()
            .member("name", entry.name.display())
            .member("size", entry.size)
            .member("quantization", entry.quantization)
            .member("installed", false)
            .member("title", entry.title)
            .member("licence", entry.licence.id)
            .member("commercial_use", store::to_string(entry.licence.commercial))
            .end_object();
        context.console.out(json.take_line());
      } else {
        rows.push_back({entry.name.display(), format_bytes(entry.size), entry.quantization,
                        std::string(store::to_string(entry.licence.commercial)), entry.title});
      }
    }
    if (!quiet_ && !json_ && rows.size() > 1) context.console.out((installed.empty() ? "" : "\n") + table_text(rows));
  }

  bool quiet_ = false;
  bool available_ = false;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_list() {
  return std::make_unique<List>();
}

}  // namespace ingle::cli
