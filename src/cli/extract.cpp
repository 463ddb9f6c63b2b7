#include <fmt/format.h>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/document_jobs.h"
#include "base/files.h"
#include "cli/document_reader.h"
#include "cli/load_model.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "cli/verb.h"
#include "documents/extraction.h"
#include "documents/text_index.h"
#include "text/grammar/json_text.h"

namespace ingle::cli {
namespace {

constexpr uint64_t kMaxSchemaBytes = 1 << 20;
constexpr int kMaxSchemaDepth = 256;  // of JSON; what fields may hold is far less
constexpr uint32_t kContext = 24;     // code points shown on either side of a value
constexpr size_t kMaxValueShown = 60;

/// One line of text around a span, the value in the middle.
std::string context_of(const documents::TextIndex& index, documents::Span span) {
  const std::string& text = index.folded();
  uint32_t from = span.from;
  while (from > 0 && text[from - 1] != '\n' && span.from - from < kContext)
    --from;
  uint32_t to = span.to;
  while (to < index.size() && text[to] != '\n' && to - span.to < kContext)
    ++to;
  std::string around = index.text({from, to});
  std::ranges::replace(around, '\n', ' ');
  return terminal_safe(around);
}

std::string shortened(const std::string& value) {
  const documents::TextIndex index(value);
  if (index.size() <= kMaxValueShown) return terminal_safe(value);
  return terminal_safe(index.text({0, kMaxValueShown - 1})) + "…";
}

class Printer {
 public:
  explicit Printer(const documents::Document& document) : document_(document), index_(document.text) {}

  std::string fields(const documents::Members& members) {
    rows_ = {{"FIELD", "VALUE", "SURE", "WHERE"}};
    add(members, "");
    return table_text(rows_);
  }

 private:
  void add(const documents::Members& members, const std::string& prefix) {
    for (const auto& [name, value] : members)
      add(value, prefix.empty() ? name : prefix + "." + name);
  }

  void add(const documents::Value& value, const std::string& name) {
    if (const auto* leaf = std::get_if<documents::Leaf>(&value.content)) {
      add_leaf(*leaf, name);
    } else if (const auto* list = std::get_if<std::vector<documents::Value>>(&value.content)) {
      for (size_t i = 0; i < list->size(); ++i)
        add((*list)[i], fmt::format("{}[{}]", name, i));
    } else {
      add(std::get<documents::Members>(value.content), name);
    }
  }

  void add_leaf(const documents::Leaf& leaf, const std::string& name) {
    if (!leaf.value) {
      rows_.push_back({name, "-", "", "not found"});
      return;
    }
    std::string where = leaf.source == documents::Source::kXml ? "e-invoice (XML)" : "";
    if (leaf.span) {
      const auto place = documents::place_of(document_, *leaf.span);
      if (place && document_.pages.size() > 1) where += fmt::format("page {}: ", place->page + 1);
      where += context_of(index_, *leaf.span);
    }
    rows_.push_back({name, shortened(*leaf.value), fmt::format("{:.0f} %", leaf.confidence * 100), where});
  }

  const documents::Document& document_;
  documents::TextIndex index_;
  std::vector<TableRow> rows_;
};

std::string error_json(const std::string& file, const Error& error) {
  const nlohmann::ordered_json json = {
      {"file", file},
      {"error", {{"message", error.message()}, {"hint", error.hint()}, {"type", to_string(error.code())}}}};
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

class ExtractVerb : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.positionals(files_, "FILE", "text, PDF with a text layer, or XML of an e-invoice", true).completes =
        Completes::kFile;
    arguments.value(preset_, "--preset", "NAME", "the fields to read: invoice (default)");
    arguments.value(schema_file_, "--schema", "FILE", "JSON Schema of the fields to read instead").completes =
        Completes::kFile;
    arguments.flag(ignore_xml_, "--ignore-xml", "read the page even where an e-invoice is embedded");
    arguments
        .value(model_, "-m,--model", "MODEL", "the model to ask; \"none\": rules only (default: setting extract_model)")
        .completes = Completes::kModel;
    arguments.flag(text_, "--text", "print the text that spans refer to, and nothing else");
    arguments.flag(json_, "--json", "print one JSON object a file");
    declare_server_flag(arguments, engine_);
    declare_engine_flags(arguments, engine_);
  }

  Result<int> run(Context& context) override {
    if (preset_ && *preset_ != "invoice")
      return std::unexpected(Error::usage("there is no preset '" + *preset_ + "'").hint("the only one is: invoice"));
    if (preset_ && schema_file_) return std::unexpected(Error::usage("--preset and --schema exclude each other"));
    INGLE_TRY_VOID(prepare(context));
    int code = 0;
    for (const std::string& file : files_) {
      const Status done = read_one(context, file);
      if (done) continue;
      if (done.error().code() == ErrorCode::kCancelled) return std::unexpected(done.error());
      if (json_) context.console.out(error_json(file, done.error()));
      print_error(context.console, done.error());
      code = code == 0 ? exit_code_of(done.error()) : code;
    }
    context.interrupts.disarm();
    return code;
  }

 private:
  Status prepare(Context& context) {
    if (schema_file_) {
      INGLE_TRY(options_.schema, base::read_file(*schema_file_, kMaxSchemaBytes));
      const auto json = text::grammar::parse_json(options_.schema, kMaxSchemaDepth, "the schema");
      if (!json) return std::unexpected(Error(json.error()).within("'" + *schema_file_ + "'"));
    }
    options_.ignore_xml = ignore_xml_;
    if (text_) return {};
    INGLE_TRY_VOID(options_from(context, engine_));
    INGLE_TRY_VOID(app::check_document_model(model_));
    if (!model_.empty() && model_ != "none") INGLE_TRY_VOID(locate_or_pull(context, model_));
    INGLE_TRY(options_.model, document_model(context, model_));
    return {};
  }

  Status read_one(Context& context, const std::string& file) {
    Progress progress(context.console);
    progress.spin("reading " + file);
    INGLE_TRY(const base::FileDescriptor descriptor, base::FileDescriptor::open_read(file));
    documents::JobReader reader = document_reader(context);
    INGLE_TRY(const documents::Document document, reader.read(descriptor, file));
    INGLE_TRY_VOID(documents::require_text(document, file, !text_ && !ignore_xml_ && !schema_file_));
    if (text_) {
      progress.clear();
      context.console.out(document.text);
      return {};
    }
    const auto on_progress = [&](std::string_view stage, uint32_t, uint32_t) {
      progress.spin(fmt::format("{}: {}", file, stage));
    };
    INGLE_TRY(const documents::Extraction extraction,
              documents::extract(document, options_, context.app->models(), on_progress, context.interrupts.arm()));
    progress.clear();
    if (json_) {
      context.console.out(documents::to_json(extraction, document, file) + "\n");
    } else {
      print(context, file, document, extraction);
    }
    return {};
  }

  void print(Context& context, const std::string& file, const documents::Document& document,
             const documents::Extraction& extraction) const {
    const std::string asked = extraction.model.empty() ? "" : ", with " + extraction.model;
    context.console.out(
        fmt::format("{}: {}{}\n", terminal_safe(file), documents::to_string(extraction.verdict), asked));
    for (const std::string& reason : extraction.reasons)
      context.console.out("  " + terminal_safe(reason) + "\n");
    context.console.out("\n" + Printer(document).fields(extraction.fields));
    if (&file != &files_.back()) context.console.out("\n");
    if (options_.model.empty() && model_.empty() && extraction.verdict != documents::Verdict::kAccept)
      context.console.talk("no model is installed that could be asked; 'ingle pull qwen2.5-coder:1.5b' gets one\n");
  }

  std::vector<std::string> files_;
  std::optional<std::string> preset_;
  std::optional<std::string> schema_file_;
  std::string model_;
  bool ignore_xml_ = false;
  bool text_ = false;
  bool json_ = false;
  EngineFlags engine_;
  documents::ExtractOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_extract() {
  return std::make_unique<ExtractVerb>();
}

}  // namespace ingle::cli
