#include "base/files.h"
#include "cli/json_writer.h"
#include "cli/verb.h"
#include "text/grammar/check.h"

namespace ingle::cli {
namespace {

constexpr uint64_t kMaxFileBytes = uint64_t{64} << 20;

class Grammar : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.positional(action_, "ACTION", "check: does an instance fit a schema?");
    arguments.value(schema_, "--schema", "FILE", "a JSON Schema").completes = Completes::kFile;
    arguments.value(instance_, "--instance", "FILE", "a JSON document; - = standard input").completes =
        Completes::kFile;
    arguments.flag(json_, "--json", "print {\"verdict\": \"accepted\" | \"rejected\" | \"refused\", \"reason\"}");
  }

  Result<int> run(Context& context) override {
    if (action_ != "check")
      return std::unexpected(Error::usage("'" + action_ + "' is nothing that can be done with a grammar")
                                 .hint("ingle grammar check --schema FILE --instance FILE"));
    if (schema_.empty() || instance_.empty())
      return std::unexpected(Error::usage("a schema and an instance are needed")
                                 .hint("ingle grammar check --schema FILE --instance FILE"));
    INGLE_TRY(const std::string schema, base::read_file(schema_, kMaxFileBytes));
    std::string instance;
    if (instance_ == "-") {
      INGLE_TRY(instance, context.console.read_input(kMaxFileBytes));
    } else {
      INGLE_TRY(instance, base::read_file(instance_, kMaxFileBytes));
    }
    const auto fits = text::grammar::fits_schema(schema, instance);
    if (fits) return tell(context, *fits ? "accepted" : "rejected", *fits ? "" : "it does not fit the schema", !*fits);
    // A document that is no JSON fits no schema; everything else is the schema's fault.
    if (fits.error().code() == ErrorCode::kCorrupt) return tell(context, "rejected", fits.error().message(), 1);
    return tell(context, "refused", fits.error().message(), 3);
  }

 private:
  Result<int> tell(Context& context, std::string_view verdict, std::string_view reason, int code) const {
    if (json_) {
      JsonWriter json;
      json.begin_object().member("verdict", verdict).text("reason", reason).end_object();
      context.console.out(json.take_line());
    } else {
      context.console.out(std::string(verdict) + "\n");
    }
    if (!reason.empty()) context.console.talk(std::string(reason) + "\n");
    return code;
  }

  std::string action_;
  std::string schema_;
  std::string instance_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_grammar() {
  return std::make_unique<Grammar>();
}

}  // namespace ingle::cli
