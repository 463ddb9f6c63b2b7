#include "cli/json_writer.h"
#include "cli/verb.h"

namespace ingle::cli {
namespace {

class Copy : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.positional(source_, "SOURCE", "an installed model").completes = Completes::kModel;
    arguments.positional(destination_, "DESTINATION", "its other name; a model that has it is replaced");
    arguments.flag(json_, "--json", "print one JSON object");
  }

  Result<int> run(Context& context) override {
    for (const std::string& name : {source_, destination_})
      if (app::Front::is_path(name))
        return std::unexpected(
            Error::usage("'" + name + "' is a path, not a model's name")
                .hint("a model of a file: ingle create NAME -f Modelfile, with the line FROM " + name));
    const store::Store& store = context.app->store();
    INGLE_TRY_VOID(store.copy(source_, destination_, context.interrupts.arm()));
    context.interrupts.disarm();
    INGLE_TRY(const store::InstalledModel model, store.find(destination_));
    if (json_) {
      JsonWriter json;
      json.begin_object()
          .member("name", model.name.display())
          .member("source", source_)
          .member("digest", model.id.hex())
          .member("weights", model.digest.text())
          .member("size", model.size)
          .end_object();
      context.console.out(json.take_line());
    } else {
      context.console.talk(source_ + " is also " + model.name.display() + "; their weights are one file\n");
    }
    return 0;
  }

 private:
  std::string source_;
  std::string destination_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_cp() {
  return std::make_unique<Copy>();
}

}  // namespace ingle::cli
