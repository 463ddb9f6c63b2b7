#include <fmt/format.h>

#include <algorithm>

#include "base/files.h"
#include "cli/help.h"
#include "cli/json_writer.h"
#include "cli/verb.h"
#include "text/grammar/check.h"
#include "text/grammar/check_text.h"

namespace ingle::cli {
namespace {

using text::grammar::Checker;

constexpr uint64_t kMaxFileBytes = uint64_t{64} << 20;

struct Instance {
  std::string name;
  std::string text;
};

/// The exit status is the worst of all verdicts.
enum class Verdict : uint8_t { kAccepted = 0, kRejected = 1, kRefused = 3 };

class Grammar : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.positional(action_, "ACTION", "check: do instances fit a schema, texts a grammar?");
    arguments.file(schema_, "--schema", "a JSON Schema; alone, it is said whether generation takes it");
    arguments.values(instances_, "--instance", "FILE", "a JSON document; - = standard input; repeatable").completes =
        Completes::kFile;
    arguments.value(lines_, "--instances", "FILE", "a JSON document on each line; - = standard input").completes =
        Completes::kFile;
    arguments.file(grammar_, "--grammar", "a grammar in GBNF; alone, it is said whether generation takes it");
    arguments.values(texts_, "--text", "FILE", "a text, to its last byte; - = standard input; repeatable").completes =
        Completes::kFile;
    arguments.flag(strict_, "--strict", "refuse a schema that generation cannot enforce as a whole");
    arguments.flag(json_, "--json",
                   "print {\"verdict\": \"accepted\" | \"rejected\" | \"refused\", \"reason\"}, a line an instance");
  }

  Result<int> run(Context& context) override {
    constexpr std::string_view kActions[] = {"check"};
    if (action_ != "check") return std::unexpected(unknown_action("grammar", action_, kActions));
    if (!grammar_.empty()) return check_texts(context);
    if (!texts_.empty())
      return std::unexpected(Error::usage("a --text is checked against a --grammar, and there is none")
                                 .hint("a schema takes --instance FILE"));
    if (schema_.empty())
      return std::unexpected(
          Error::usage("a schema or a grammar is needed")
              .hint("ingle grammar check --schema FILE --instance FILE, or --grammar FILE --text FILE"));
    INGLE_TRY(const std::string schema, base::read_file(schema_, kMaxFileBytes));
    INGLE_TRY(const std::vector<Instance> instances, read_instances(context));
    auto checker = Checker::create(schema, {.strict = strict_});
    if (!checker) return tell(context, instances, Verdict::kRefused, checker.error().message());
    for (const std::string& place : checker->ignored())
      context.console.talk("ignored, no draft knows it: " + terminal_safe(place) + "\n");
    for (const std::string& what : checker->unenforced())
      context.console.talk("checked, not enforced: " + what + "\n");
    if (!checker->has_documents()) {
      constexpr std::string_view kNothing = "no document fits the schema, so generation refuses it";
      if (instances.empty()) return tell(context, instances, Verdict::kRefused, kNothing);
      context.console.talk(std::string(kNothing) + "\n");
    }
    if (instances_.empty() && lines_.empty()) return tell(context, instances, Verdict::kAccepted, "");
    auto worst = Verdict::kAccepted;
    for (const Instance& instance : instances)
      worst = std::max(worst, judge(context, *checker, instance, instances.size() > 1));
    return static_cast<int>(worst);
  }

 private:
  Result<std::string> read(Context& context, const std::string& name) const {
    return name == "-" ? context.console.read_input(kMaxFileBytes) : base::read_file(name, kMaxFileBytes);
  }

  Result<int> check_texts(Context& context) const {
    if (!schema_.empty() || !instances_.empty() || !lines_.empty() || strict_)
      return std::unexpected(
          Error::usage("a grammar is checked with texts: --schema and its flags have no place beside it")
              .hint("ingle grammar check --grammar FILE --text FILE"));
    INGLE_TRY(const std::string grammar, base::read_file(grammar_, kMaxFileBytes));
    if (texts_.empty()) {
      const auto fit = text::grammar::fit_grammar(grammar, "");
      return static_cast<int>(fit ? tell_one(context, "", Verdict::kAccepted, "")
                                  : tell_one(context, "", Verdict::kRefused, fit.error().message()));
    }
    auto worst = Verdict::kAccepted;
    for (const std::string& file : texts_) {
      INGLE_TRY(const std::string text, read(context, file));
      const std::string_view name = texts_.size() > 1 ? std::string_view(file) : std::string_view();
      const auto fit = text::grammar::fit_grammar(grammar, text);
      if (!fit) {
        worst = std::max(worst, tell_one(context, name, Verdict::kRefused, fit.error().message()));
      } else if (fit->accepts) {
        tell_one(context, name, Verdict::kAccepted, "");
      } else {
        worst = std::max(worst, tell_one(context, name, Verdict::kRejected, misfit(text, fit->n_fitting)));
      }
    }
    return static_cast<int>(worst);
  }

  static std::string misfit(std::string_view text, size_t n_fitting) {
    if (n_fitting == text.size()) return "the text ends before the grammar does";
    const std::string_view before = text.substr(0, n_fitting);
    const size_t column = n_fitting - (before.rfind('\n') + 1);
    const bool is_last_line_break = n_fitting + 1 == text.size() && text.back() == '\n';
    return fmt::format("line {}, byte {}: nothing in the grammar goes on like this{}",
                       std::ranges::count(before, '\n') + 1, column + 1,
                       is_last_line_break ? "; the file's last line break is part of the text" : "");
  }

  Result<std::vector<Instance>> read_instances(Context& context) const {
    std::vector<Instance> out;
    for (const std::string& name : instances_) {
      INGLE_TRY(std::string text, read(context, name));
      out.push_back({name, std::move(text)});
    }
    if (lines_.empty()) return out;
    INGLE_TRY(const std::string text, read(context, lines_));
    for (size_t from = 0, line = 1; from < text.size(); ++line) {
      const size_t end = std::min(text.find('\n', from), text.size());
      if (end > from) out.push_back({fmt::format("{}:{}", lines_, line), text.substr(from, end - from)});
      from = end + 1;
    }
    return out;
  }

  Verdict judge(Context& context, Checker& checker, const Instance& instance, bool named) const {
    const auto outcome = checker.check(instance.text);
    const std::string_view name = named ? std::string_view(instance.name) : std::string_view();
    if (!outcome) {
      // A document that is no JSON fits no schema; everything else is a limit.
      const bool is_rejected = outcome.error().code() == ErrorCode::kCorrupt;
      return tell_one(context, name, is_rejected ? Verdict::kRejected : Verdict::kRefused, outcome.error().message());
    }
    if (outcome->accepted) return tell_one(context, name, Verdict::kAccepted, "");
    return tell_one(context, name, Verdict::kRejected, outcome->reason);
  }

  /// One verdict for all instances, or for the schema alone where there are none.
  Result<int> tell(Context& context, const std::vector<Instance>& instances, Verdict verdict,
                   std::string_view reason) const {
    if (instances.empty()) tell_one(context, "", verdict, reason);
    for (const Instance& instance : instances)
      tell_one(context, instances.size() > 1 ? std::string_view(instance.name) : "", verdict, reason);
    return static_cast<int>(verdict);
  }

  Verdict tell_one(Context& context, std::string_view name, Verdict verdict, std::string_view reason) const {
    const std::string_view word = verdict == Verdict::kAccepted   ? "accepted"
                                  : verdict == Verdict::kRejected ? "rejected"
                                                                  : "refused";
    const std::string place = name.empty() ? "" : std::string(name) + ": ";
    if (json_) {
      JsonWriter json;
      json.begin_object();
      if (!name.empty()) json.text("instance", name);
      json.member("verdict", word).text("reason", reason).end_object();
      context.console.out(json.take_line());
    } else {
      context.console.out(place + std::string(word) + "\n");
    }
    if (!reason.empty()) context.console.talk(place + std::string(reason) + "\n");
    return verdict;
  }

  std::string action_;
  std::string schema_;
  std::vector<std::string> instances_;
  std::string lines_;
  std::string grammar_;
  std::vector<std::string> texts_;
  bool strict_ = false;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_grammar() {
  return std::make_unique<Grammar>();
}

}  // namespace ingle::cli
