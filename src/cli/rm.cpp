#include <fmt/format.h>

#include <algorithm>

#include "cli/json_writer.h"
#include "cli/verb.h"

namespace ingle::cli {
namespace {

class Remove : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.positionals(models_, "MODEL", "the models to remove", true).completes = Completes::kModel;
    arguments.flag(json_, "--json", "print a JSON object a line");
  }

  Result<int> run(Context& context) override {
    std::vector<store::ModelName> names;
    for (const std::string& model : models_) {
      if (app::Front::is_path(model))
        return std::unexpected(Error::usage("'" + model + "' is a file of yours, not an installed model")
                                   .hint("files that are used in place are deleted with your own tools"));
      // All are looked up before the first goes: a typing error must not leave half of the work done.
      INGLE_TRY(const store::ModelName name, context.app->store().installed_name(model));
      if (std::ranges::none_of(names, [&](const store::ModelName& other) { return other.same_as(name); }))
        names.push_back(name);
    }
    for (const store::ModelName& name : names) {
      INGLE_TRY(const store::RemoveReport report, context.app->remove(name.full()));
      if (json_) {
        JsonWriter json;
        json.begin_object()
            .member("name", report.name.display())
            .member("bytes_freed", report.bytes_freed)
            .member("blobs_removed", report.blobs_removed)
            .member("blobs_shared", report.blobs_shared)
            .member("blobs_foreign", report.blobs_foreign)
            .end_object();
        context.console.out(json.take_line());
        continue;
      }
      std::string line = fmt::format("removed {}, {} freed", report.name.display(), format_bytes(report.bytes_freed));
      if (report.blobs_shared > 0) line += fmt::format("; {} files kept: another model uses them", report.blobs_shared);
      if (report.blobs_foreign > 0)
        line += fmt::format("; {} files kept: another program put them there", report.blobs_foreign);
      context.console.talk(line + "\n");
    }
    return 0;
  }

 private:
  std::vector<std::string> models_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_rm() {
  return std::make_unique<Remove>();
}

}  // namespace ingle::cli
