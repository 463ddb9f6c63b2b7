#include <fmt/format.h>

#include <algorithm>

#include "base/sha256.h"
#include "chat/errors.h"
#include "cli/help.h"
#include "cli/json_writer.h"
#include "cli/load_model.h"
#include "cli/table.h"
#include "cli/verb.h"

namespace ingle::cli {
namespace {

class Show : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.positional(model_, "MODEL", "an installed model or a .gguf file").completes = Completes::kModel;
    arguments.flag(template_, "--template", "print the chat template only");
    arguments.flag(metadata_, "--metadata", "also print every metadata key of the file");
    arguments.flag(json_, "--json", "print one JSON object");
  }

  Result<int> run(Context& context) override {
    INGLE_TRY(const app::ModelFiles files, context.app->locate(model_));
    auto told = context.app->facts(files);
    if (!told) return std::unexpected(naming(files, std::move(told).error()));
    const roles::ModelFacts& facts = *told;
    const std::string& chat_template = facts.chat_template;
    const store::CatalogEntry* entry =
        files.installed ? context.app->store().catalog().find(files.installed->name) : nullptr;
    if (template_) {
      if (chat_template.empty())
        return std::unexpected(Error::not_found("'" + files.name + "' has no chat template")
                                   .hint("'ingle run' completes its text instead of chatting"));
      if (json_) {
        JsonWriter json;
        json.begin_object().member("name", files.name).text("template", chat_template).end_object();
        context.console.out(json.take_line());
        return 0;
      }
      context.console.out(chat_template + (chat_template.ends_with('\n') ? "" : "\n"));
      return 0;
    }
    // Nothing for an architecture that is unknown here: it can be shown, and not be loaded.
    const auto memory = context.app->forecast(files);
    if (json_) {
      print_json(context, files, facts, entry, memory);
    } else {
      print_text(context, files, facts, entry, memory);
    }
    return 0;
  }

 private:
  static std::string one_line(const std::string& text) {
    constexpr size_t kShown = 80;
    std::string flat = terminal_safe(text.substr(0, kShown));
    std::ranges::replace(flat, '\n', ' ');
    return text.size() > kShown ? flat + " ..." : flat;
  }

  static std::string value_text(const roles::ModelFact& fact) {
    if (fact.kind == roles::ModelFact::Kind::kArray) return fmt::format("[{} elements]", fact.value);
    return fact.kind == roles::ModelFact::Kind::kText ? one_line(fact.value) : fact.value;
  }

  /// What its manifest says about asking it; empty where it has none, or cannot be read.
  static store::ModelExtras extras_of(Context& context, const app::ModelFiles& files) {
    if (!files.installed) return {};
    return context.app->store().extras(*files.installed).value_or(store::ModelExtras());
  }

  static void add_memory(std::vector<TableRow>& rows, const engine::MemoryForecast& memory) {
    if (memory.refusal && chat::is_out_of_reach(*memory.refusal)) {
      rows.push_back({"memory", "cannot be loaded with the settings as they are:"});
      rows.push_back({"", terminal_safe(memory.refusal->message())});
      rows.push_back({"", terminal_safe(memory.refusal->hint())});
      return;
    }
    const chat::MemoryPlan& plan = memory.plan;
    const bool keeps = memory.kv_token_bytes > 0;
    rows.push_back({"memory", fmt::format("{} at most: weights {}, {} {}, work {}", format_bytes(plan.total()),
                                          format_bytes(plan.weights), keeps ? "KV cache" : "a step",
                                          format_bytes(plan.cache), format_bytes(plan.work))});
    if (keeps)
      rows.push_back(
          {"KV cache",
           fmt::format("{} a token, {} a context of {} tokens, room for {}", format_bytes(memory.kv_token_bytes),
                       format_bytes(memory.kv_token_bytes * memory.context), memory.context, memory.sequences)});
    if (memory.refusal) {
      rows.push_back({"", "would be refused now: " + terminal_safe(memory.refusal->message())});
    } else if (memory.context_now < memory.context) {
      rows.push_back({"", fmt::format("has room for a context of {} tokens now", memory.context_now)});
    }
  }

  /// On a terminal the second column stays in its width; what has no blanks stays whole, to be copied.
  static std::vector<TableRow> on_screen(std::vector<TableRow> rows, const Console& console) {
    constexpr int kGap = 3;
    if (!console.out_is_terminal()) return rows;
    int column = 0;
    for (const TableRow& row : rows)
      column = std::max(column, display_width(row[0]) + kGap);
    for (TableRow& row : rows)
      row[1] = wrap(row[1], console.width() - column, column);
    return rows;
  }

  void print_text(Context& context, const app::ModelFiles& files, const roles::ModelFacts& facts,
                  const store::CatalogEntry* entry, const Result<engine::MemoryForecast>& memory) const {
    const models::Summary& summary = facts.summary;
    const std::string& chat_template = facts.chat_template;
    std::vector<TableRow> rows;
    rows.push_back({"name", terminal_safe(files.name)});
    if (!summary.title.empty()) rows.push_back({"title", terminal_safe(summary.title)});
    rows.push_back({"architecture", summary.architecture});
    rows.push_back({"parameters", format_count(summary.parameters)});
    rows.push_back(
        {"quantization", summary.quantization == summary.main_format
                             ? summary.quantization
                             : fmt::format("{}, most weights are {}", summary.quantization, summary.main_format)});
    rows.push_back({"context", fmt::format("{} tokens", summary.context_length)});
    rows.push_back({"layers", fmt::format("{} of width {}", summary.n_layers, summary.n_embd)});
    rows.push_back({"vocabulary", fmt::format("{} tokens", summary.n_vocab)});
    if (!summary.pooling.empty()) {
      rows.push_back({"answers", summary.pooling == "rank"
                                     ? "scores of a text or a pair of texts; it generates nothing"
                                     : fmt::format("a vector of {} numbers a text ({}); it generates nothing",
                                                   summary.n_embd, terminal_safe(summary.pooling))});
    } else {
      rows.push_back({"chat template", chat_template.empty() ? "none: the model completes text"
                                                             : fmt::format("{} characters", chat_template.size())});
    }
    const store::ModelExtras extras = extras_of(context, files);
    if (!extras.system.empty()) rows.push_back({"system message", one_line(extras.system)});
    if (!extras.parameters.empty()) rows.push_back({"options", one_line(extras.parameters)});
    if (entry != nullptr) {
      rows.push_back({"licence", fmt::format("{} ({})", entry->licence.title, entry->licence.url)});
      rows.push_back({"", entry->licence.verdict});
    } else if (!summary.license.empty()) {
      rows.push_back({"licence", terminal_safe(summary.license) + " (as the file says)"});
    }
    rows.push_back({"size", format_bytes(files.bytes)});
    if (memory) add_memory(rows, *memory);
    if (files.installed) rows.push_back({"digest", files.installed->id.hex()});
    if (files.installed && !files.installed->digest.empty())
      rows.push_back({"weights", files.installed->digest.text()});
    if (files.installed) rows.push_back({"source", std::string(store::to_string(files.installed->origin))});
    rows.push_back({"file", files.parts.front().string()});
    if (files.parts.size() > 1) rows.push_back({"", fmt::format("and {} more parts", files.parts.size() - 1)});
    context.console.out(table_text(on_screen(std::move(rows), context.console)));
    if (!metadata_) return;
    std::vector<TableRow> keys;
    for (const roles::ModelFact& fact : facts.metadata)
      keys.push_back({terminal_safe(fact.key), value_text(fact)});
    context.console.out("\n" + table_text(keys));
  }

  static void write_memory(JsonWriter& json, const engine::MemoryForecast& memory) {
    json.key("memory")
        .begin_object()
        .member("total", memory.plan.total())
        .member("weights", memory.plan.weights)
        .member("kv_cache", memory.plan.cache)
        .member("work", memory.plan.work)
        .member("context", memory.context)
        .member("kv_bytes_per_token", memory.kv_token_bytes)
        .member("context_now", memory.context_now);
    if (memory.refusal) {
      json.text("refused_now", memory.refusal->message());
      json.member("refused_for_good", chat::is_out_of_reach(*memory.refusal));
    }
    json.end_object();
  }

  void print_json(Context& context, const app::ModelFiles& files, const roles::ModelFacts& facts,
                  const store::CatalogEntry* entry, const Result<engine::MemoryForecast>& memory) const {
    const models::Summary& summary = facts.summary;
    const std::string& chat_template = facts.chat_template;
    JsonWriter json;
    json.begin_object()
        .member("name", files.name)
        .member("title", summary.title)
        .member("architecture", summary.architecture)
        .member("parameters", summary.parameters)
        .member("quantization", summary.quantization)
        .member("context_length", summary.context_length)
        .member("layers", summary.n_layers)
        .member("embedding_length", summary.n_embd)
        .member("vocabulary", summary.n_vocab)
        .member("size", files.bytes);
    if (files.installed) json.member("digest", files.installed->id.hex());
    if (files.installed && !files.installed->digest.empty()) json.member("weights", files.installed->digest.text());
    if (memory) write_memory(json, *memory);
    if (files.installed) json.member("source", store::to_string(files.installed->origin));
    json.key("files").begin_array();
    for (const auto& part : files.parts)
      json.string(part.string());
    json.end_array();
    if (entry != nullptr) {
      json.key("licence")
          .begin_object()
          .member("id", entry->licence.id)
          .member("title", entry->licence.title)
          .member("url", entry->licence.url)
          .member("commercial_use", store::to_string(entry->licence.commercial))
          .member("verdict", entry->licence.verdict)
          .end_object();
    } else {
      json.key("licence").begin_object().member("id", summary.license).end_object();
    }
    if (!summary.pooling.empty()) json.member("pooling", summary.pooling);
    const store::ModelExtras extras = extras_of(context, files);
    if (!extras.system.empty()) json.text("system", extras.system);
    if (!extras.parameters.empty()) json.text("options", extras.parameters);
    json.text("template", chat_template);
    if (metadata_) {
      json.key("metadata").begin_object();
      for (const roles::ModelFact& fact : facts.metadata)
        json.member(fact.key, value_text(fact));
      json.end_object();
    }
    json.end_object();
    context.console.out(json.take_line());
  }

  std::string model_;
  bool template_ = false;
  bool metadata_ = false;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_show() {
  return std::make_unique<Show>();
}

}  // namespace ingle::cli
