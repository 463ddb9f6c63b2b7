#include "cli/progress.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/help.h"

namespace ingle::cli {
namespace {

constexpr auto kRedraw = std::chrono::milliseconds(80);
constexpr auto kSpeedWindow = std::chrono::seconds(5);
constexpr int kMinBar = 10;
constexpr int kMaxBar = 40;

std::string cut(std::string_view text, int columns) {
  std::string shown = terminal_safe(text);
  while (display_width(shown) > columns && !shown.empty()) {
    size_t end = shown.size() - 1;
    while (end > 0 && (static_cast<unsigned char>(shown[end]) & 0xC0U) == 0x80U)
      --end;
    shown.resize(end);
  }
  return shown;
}

}  // namespace

std::string bar_text(double fraction, int columns) {
  static constexpr const char* kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const int eighths = static_cast<int>(std::clamp(fraction, 0.0, 1.0) * columns * 8);
  std::string bar;
  for (int i = 0; i < eighths / 8; ++i)
    bar += "█";
  bar += kEighths[eighths % 8];
  const int used = eighths / 8 + (eighths % 8 > 0 ? 1 : 0);
  return bar + std::string(static_cast<size_t>(columns - used), ' ');
}

Progress::Progress(Console& console) : console_(console), enabled_(console.talk_is_terminal()) {}

Progress::~Progress() {
  clear();
}

bool Progress::due(std::string_view label) {
  if (!enabled_) return false;
  const auto now = Clock::now();
  if (label != label_) {
    label_ = label;
    started_ = now;
    samples_.clear();
    return true;
  }
  return !drawn_ || now - last_draw_ >= kRedraw;
}

void Progress::draw(const std::string& line) {
  // The cursor is hidden while the line moves; main() shows it again if the process is interrupted.
  console_.talk("\r\x1b[?25l" + line + "\x1b[K");
  drawn_ = true;
  last_draw_ = Clock::now();
}

void Progress::fraction(std::string_view label, double done) {
  if (!due(label)) return;
  const std::string tail = fmt::format(" {:3.0f} %", std::clamp(done, 0.0, 1.0) * 100);
  const int room = console_.width() - 1 - static_cast<int>(tail.size()) - 1;
  const int bar = std::clamp(room / 2, kMinBar, kMaxBar);
  draw(cut(label, room - bar - 2) + " ▕" + bar_text(done, bar) + "▏" + tail);
}

double Progress::speed_at(Clock::time_point now, uint64_t done) {
  samples_.push_back({now, done});
  while (samples_.size() > 2 && now - samples_[1].time > kSpeedWindow)
    samples_.pop_front();
  const Sample& oldest = samples_.front();
  const double seconds = std::chrono::duration<double>(now - oldest.time).count();
  return seconds < 0.2 || done < oldest.bytes ? 0 : static_cast<double>(done - oldest.bytes) / seconds;
}

void Progress::bytes(std::string_view label, uint64_t done, uint64_t total) {
  if (!due(label)) return;
  const double speed = speed_at(Clock::now(), done);
  if (total == 0) {
    draw(cut(label, console_.width() - 30) + fmt::format("  {}", format_bytes(done)));
    return;
  }
  const double fraction = static_cast<double>(done) / static_cast<double>(total);
  std::string tail =
      fmt::format("{:3.0f} %  {}/{}", std::min(fraction, 1.0) * 100, format_bytes(done), format_bytes(total));
  if (speed > 0) {
    tail += fmt::format("  {}/s", format_bytes(static_cast<uint64_t>(speed)));
    if (done < total) tail += "  " + format_duration(std::max(1.0, static_cast<double>(total - done) / speed));
  }
  const int room = console_.width() - 1 - 4 - std::max(display_width(tail), 38);
  const int label_room = std::clamp(room - kMinBar, 0, display_width(label));
  const int bar = std::clamp(room - label_room, 0, kMaxBar);
  draw(cut(label, label_room) + " ▕" + bar_text(fraction, bar) + "▏ " + tail);
}

void Progress::spin(std::string_view label) {
  static constexpr const char* kFrames[] = {"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"};
  if (!due(label)) return;
  const double seconds = std::chrono::duration<double>(Clock::now() - started_).count();
  std::string line = fmt::format("{} {}", kFrames[frame_++ % std::size(kFrames)], cut(label, console_.width() - 12));
  if (seconds >= 2) line += fmt::format("  {:.0f} s", seconds);
  draw(line);
}

void Progress::note(std::string_view line) {
  clear();
  const std::string safe = terminal_safe(line);
  console_.talk((enabled_ ? wrap(safe, console_.width() - 2, 2) : safe) + "\n");
}

void Progress::clear() {
  if (!drawn_) return;
  console_.talk("\r\x1b[K\x1b[?25h");
  drawn_ = false;
}

}  // namespace ingle::cli
