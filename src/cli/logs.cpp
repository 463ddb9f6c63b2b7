// `ingle logs`: what the server wrote down about its requests, for people, or as it stands in the file.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <mutex>
#include <nlohmann/json.hpp>

#include "app/same_file.h"
#include "app/server_log.h"
#include "cli/table.h"
#include "cli/verb.h"

namespace ingle::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr int64_t kDefaultLines = 50;
constexpr auto kLookAgain = std::chrono::milliseconds(200);

std::string text_of(const Json& line, std::string_view key) {
  const auto found = line.find(key);
  if (found == line.end()) return {};
  return found->is_string() ? found->get<std::string>() : found->dump();
}

/// "06:01:22": the day is told once, when it changes.
std::string clock_of(const Json& line) {
  const std::string time = text_of(line, "time");
  return time.size() >= 19 ? time.substr(11, 8) : time;
}

double ms_of(const Json& line, std::string_view key) {
  const auto found = line.find(key);
  return found != line.end() && found->is_number() ? found->get<double>() : 0;
}

std::string duration_text(double ms) {
  if (ms < 10) return fmt::format("{:.1f} ms", ms);
  return ms < 1000 ? fmt::format("{:.0f} ms", ms) : fmt::format("{:.1f} s", ms / 1000);
}

/// "'max_tokens' must be a whole number": as much of it as the line says.
std::string why_of(const Json& line) {
  const std::string reason = text_of(line, "reason");
  if (!line.contains("field")) return reason;
  return fmt::format("'{}' {}", text_of(line, "field"), reason.empty() ? "was not taken" : reason);
}

std::string request_text(const Json& line) {
  std::string text = fmt::format("{} {} {}", text_of(line, "status"), text_of(line, "method"), text_of(line, "route"));
  if (line.contains("model")) text += " " + text_of(line, "model");
  text += "  " + duration_text(ms_of(line, "ms"));
  if (line.contains("prompt_tokens"))
    text += fmt::format(", {} tokens read ({} cached), {} written", text_of(line, "prompt_tokens"),
                        text_of(line, "cached_tokens"), text_of(line, "completion_tokens"));
  if (ms_of(line, "first_token_ms") > 0) text += ", first after " + duration_text(ms_of(line, "first_token_ms"));
  if (line.contains("error")) text += ", " + text_of(line, "error");
  if (const std::string why = why_of(line); !why.empty()) text += " (" + why + ")";
  if (line.contains("client_gone")) text += ", the client went away";
  if (line.contains("client")) text += ", token " + text_of(line, "client");
  return text + "  " + text_of(line, "request_id");
}

std::string refusal_text(const Json& line) {
  const std::string route = text_of(line, "route");
  const std::string reason = text_of(line, "reason");
  return fmt::format("{} {} {}  refused: {}  {}", text_of(line, "status"), text_of(line, "method"),
                     route.empty() ? "(an unknown path)" : route, reason.empty() ? text_of(line, "error") : reason,
                     text_of(line, "request_id"));
}

/// Any other event: its word, and what it says.
std::string event_text(const Json& line) {
  std::string text = text_of(line, "event");
  for (const auto& [key, value] : line.items()) {
    if (key == "time" || key == "event" || (value.is_string() && value.get<std::string>().empty())) continue;
    text += fmt::format("  {}: {}", key, value.is_string() ? value.get<std::string>() : value.dump());
  }
  return text;
}

/// The whole lines of a file, which may grow meanwhile.
class Lines {
 public:
  explicit Lines(fs::path path) : path_(std::move(path)), fd_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC)) {}

  std::optional<std::string> next() {
    constexpr size_t kPiece = 64 * 1024;
    while (true) {
      if (const size_t end = text_.find('\n', at_); end != std::string::npos)
        return text_.substr(std::exchange(at_, end + 1), end - at_);
      text_.erase(0, std::exchange(at_, 0));
      const size_t n_had = text_.size();
      text_.resize(n_had + kPiece);
      const ssize_t n = ::read(fd_.get(), text_.data() + n_had, kPiece);
      text_.resize(n_had + static_cast<size_t>(std::max<ssize_t>(n, 0)));
      if (n <= 0) return std::nullopt;
    }
  }

  /// Whether another file stands in its place now, or this one was emptied.
  bool was_replaced() const {
    std::error_code error;
    const auto size = fs::file_size(path_, error);
    if (error) return false;
    return !app::is_at(fd_.get(), path_) || ::lseek(fd_.get(), 0, SEEK_CUR) > static_cast<off_t>(size);
  }

 private:
  fs::path path_;
  base::FileDescriptor fd_;
  std::string text_;  // read, and handed out up to at_
  size_t at_ = 0;
};

class Logs : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.flag(follow_, "-f,--follow", "go on with what is written from now on, until Ctrl-C");
    arguments.value(lines_, "-n,--lines", "N", "so many of the last lines; 50 without it", 0, 1'000'000);
    arguments.value(request_, "--request", "ID", "only the request of this id (X-Request-Id)");
    arguments.flag(errors_, "--errors", "only what failed or was refused");
    arguments.flag(json_, "--json", "print the lines as they are, a JSON object each");
  }

  Result<int> run(Context& context) override {
    const fs::path home = context.app->settings().home;
    std::error_code error;
    if (!fs::exists(app::ServerLog::file(home), error) && !follow_)
      return std::unexpected(
          Error::not_found("there is no log of a server in '" + home.string() + "'")
              .hint("'ingle serve' writes one; under systemd with the setting log = \"stderr\": journalctl -u ingle"));
    Lines current(app::ServerLog::file(home));
    const auto wanted = static_cast<size_t>(lines_.value_or(kDefaultLines));
    for (const std::string& line : last_lines(home, current, wanted))
      print(context, line);
    if (follow_) follow(context, home, std::move(current));
    return 0;
  }

 private:
  bool is_wanted(const Json& line) const {
    if (request_ && text_of(line, "request_id") != *request_) return false;
    return !errors_ || line.contains("error") || line.value("status", 0) >= 400 || line.contains("client_gone") ||
           text_of(line, "reason") == "died";
  }

  /// Of all kept files, oldest first; `current` stands behind its last line afterwards.
  std::deque<std::string> last_lines(const fs::path& home, Lines& current, size_t n_lines) const {
    std::deque<std::string> lines;
    const auto take = [&](Lines& file) {
      while (auto line = file.next()) {
        if (n_lines == 0 || !is_wanted(Json::parse(*line, nullptr, false))) continue;
        if (lines.size() == n_lines) lines.pop_front();
        lines.push_back(*std::move(line));
      }
    };
    for (int i = app::ServerLog::kKept; i > 0; --i) {
      Lines older(app::ServerLog::file(home, i));
      take(older);
    }
    take(current);
    return lines;
  }

  void print(Context& context, const std::string& text) {
    const Json line = Json::parse(text, nullptr, false);
    if (!line.is_object() || !is_wanted(line)) return;
    if (json_) return context.console.out(text + "\n");
    const std::string day = text_of(line, "time").substr(0, 10);
    if (day != day_) context.console.out(terminal_safe(day) + "\n");
    day_ = day;
    const std::string event = text_of(line, "event");
    const std::string told = event == "request"   ? request_text(line)
                             : event == "refused" ? refusal_text(line)
                                                  : event_text(line);
    context.console.out(terminal_safe(clock_of(line) + "  " + told) + "\n");
  }

  void follow(Context& context, const fs::path& home, Lines lines) {
    const std::stop_token stop = context.interrupts.arm();
    std::mutex mutex;
    std::condition_variable_any changed;
    std::unique_lock lock(mutex);
    while (!stop.stop_requested() && context.console.out_is_open()) {
      const bool was_replaced = lines.was_replaced();  // asked first: what came before that is read to its end
      while (const auto line = lines.next())
        print(context, *line);
      if (was_replaced) {
        lines = Lines(app::ServerLog::file(home));
        continue;
      }
      changed.wait_for(lock, stop, kLookAgain, [] { return false; });
    }
    context.interrupts.disarm();
  }

  std::optional<int64_t> lines_;
  std::optional<std::string> request_;
  std::string day_;
  bool follow_ = false;
  bool errors_ = false;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_logs() {
  return std::make_unique<Logs>();
}

}  // namespace ingle::cli
