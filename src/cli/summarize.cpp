#include "documents/summarize.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/document_jobs.h"
#include "base/files.h"
#include "cli/load_model.h"
#include "cli/progress.h"
#include "cli/verb.h"
#include "documents/transcript.h"

namespace ingle::cli {
namespace {

/// Words of `text` in lines of `width` columns, all but the first begun with `indent`.
std::string wrapped(std::string_view text, int width, std::string_view indent) {
  std::string out;
  int column = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (word.empty()) continue;
    const int columns = display_width(word);
    if (column > 0 && column + 1 + columns > width) {
      out += '\n';
      out += indent;
      column = 0;
    } else if (column > 0) {
      out += ' ';
      ++column;
    }
    out += word;
    column += columns;
  }
  return out;
}

class Report {
 public:
  Report(const documents::Transcript& transcript, const Console& console)
      : transcript_(transcript),
        width_(std::clamp(console.width(), 40, 100) - 4),
        color_(console.out_is_terminal() && console.wants_color()) {}

  void heading(std::string_view title) {
    if (!text_.empty()) text_ += '\n';
    text_ += color_ ? fmt::format("\x1b[1m{}\x1b[0m\n", title) : fmt::format("{}\n", title);
  }
  void bullet(std::string_view text, const std::vector<uint32_t>& cites) {
    std::string line = terminal_safe(text);
    std::string notes;
    for (const uint32_t cite : cites)
      notes += fmt::format("{}{}", notes.empty() ? "" : ", ", cite);
    line += fmt::format(" [{}]", notes);
    text_ += "  - " + wrapped(line, width_, "    ") + "\n";
  }
  /// Who speaks in the cited turns, in their order.
  std::string speakers(const std::vector<uint32_t>& cites) const {
    std::vector<std::string> names;
    for (const uint32_t cite : cites) {
      const std::string& name = transcript_.turns[cite].speaker;
      if (!name.empty() && std::ranges::find(names, name) == names.end()) names.push_back(name);
    }
    return fmt::format("{}", fmt::join(names, ", "));
  }
  const std::string& text() const { return text_; }

 private:
  const documents::Transcript& transcript_;
  int width_;
  bool color_;
  std::string text_;
};

std::string report(const documents::Transcript& transcript, const documents::Summary& summary, const Console& console) {
  Report page(transcript, console);
  if (!summary.topics.empty()) {
    page.heading("Topics");
    for (const auto& topic : summary.topics)
      page.bullet(topic.title, topic.cites);
  }
  if (!summary.summary.empty()) {
    page.heading("Summary");
    for (const auto& point : summary.summary)
      page.bullet(point.text, point.cites);
  }
  if (!summary.decisions.empty()) {
    page.heading("Decisions");
    for (const auto& point : summary.decisions)
      page.bullet(point.text, point.cites);
  }
  if (!summary.actions.empty()) {
    page.heading("Actions");
    for (const auto& action : summary.actions) {
      std::string text = action.point.text;
      if (action.owner) text += fmt::format(" (owner: {})", *action.owner);
      if (action.due) text += fmt::format(" (due: {})", *action.due);
      page.bullet(text, action.point.cites);
    }
  }
  if (!summary.questions.empty()) {
    page.heading("Open questions");
    for (const auto& point : summary.questions) {
      const std::string who = page.speakers(point.cites);
      page.bullet(who.empty() ? point.text : fmt::format("{} ({})", point.text, who), point.cites);
    }
  }
  return page.text();
}

class SummarizeVerb : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.positional(file_, "FILE", "the transcript; - = standard input").completes = Completes::kFile;
    arguments.value(style_, "--style", "STYLE", "brief, minutes or actions (default brief)");
    arguments.value(query_, "-q,--query", "TEXT", "what to look for instead of the meeting as a whole");
    arguments.value(model_, "-m,--model", "MODEL", "an installed model or a .gguf file").completes = Completes::kModel;
    arguments.flag(json_, "--json", "print one JSON object");
    declare_server_flag(arguments, engine_);
    declare_engine_flags(arguments, engine_);
  }

  Result<int> run(Context& context) override {
    INGLE_TRY_VOID(app::check_document_model(model_.value_or("")));
    documents::SummarizeOptions options;
    INGLE_TRY(options.style, documents::parse_summary_style(style_.value_or("brief")));
    options.query = query_.value_or("");
    INGLE_TRY(const documents::Transcript transcript, read(context.console));
    options.model = model_.value_or("");
    if (!model_) {
      INGLE_TRY(options.model, app::default_model(*context.app));
    }
    INGLE_TRY(const LoadedModel model, load_model(context, options.model, engine_));

    std::stop_token stop = context.interrupts.arm();
    Progress progress(context.console);
    const auto on_progress = [&](uint32_t done, uint32_t total) {
      progress.fraction("summarizing", total == 0 ? 1 : static_cast<double>(done) / total);
    };
    auto summary = documents::summarize(transcript, options, *model.completer, on_progress, std::move(stop));
    context.interrupts.disarm();
    progress.clear();
    if (!summary) return std::unexpected(std::move(summary).error());
    if (json_) {
      context.console.out(documents::summary_json(*summary, file_) + "\n");
      return 0;
    }
    const std::string text = report(transcript, *summary, context.console);
    const char* nothing =
        options.query.empty() ? "Nothing was found that could be reported.\n" : "This is not said in this meeting.\n";
    context.console.out(text.empty() ? nothing : text);
    return 0;
  }

 private:
  Result<documents::Transcript> read(Console& console) const {
    const documents::TranscriptLimits limits;
    auto text = file_ == "-" ? console.read_input(limits.max_bytes) : base::read_file(file_, limits.max_bytes);
    if (!text) return std::unexpected(std::move(text).error());
    auto transcript = documents::parse_transcript(*text, limits);
    if (transcript) {
      if (const Status fit = documents::check_summarizable(*transcript); !fit)
        transcript = std::unexpected(fit.error());
    }
    if (!transcript) {
      // The file was understood as far as it goes and is not one of ours: a refusal, whatever is wrong with it.
      Error error = std::move(transcript).error().within("'" + file_ + "'");
      return std::unexpected(Error::refused(error.message()).hint(error.hint()));
    }
    return transcript;
  }

  std::string file_;
  std::optional<std::string> style_;
  std::optional<std::string> query_;
  std::optional<std::string> model_;
  bool json_ = false;
  EngineFlags engine_;
};

}  // namespace

std::unique_ptr<Command> make_summarize() {
  return std::make_unique<SummarizeVerb>();
}

}  // namespace ingle::cli
