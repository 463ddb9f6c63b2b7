// One line on stderr that is drawn over and over while something takes long; nothing at all where stderr is no terminal.
//
// Used by one thread at a time. The line is gone when the object is: what stays on screen is printed with note().
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "cli/console.h"

namespace ingle::cli {

class Progress {
 public:
  explicit Progress(Console& console);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// "label ━━━━━━━╸      45 %"
  void fraction(std::string_view label, double done);
  /// The same in bytes, with speed and time left.
  void bytes(std::string_view label, uint64_t done, uint64_t total);
  /// Nothing to count: a sign of life and how long it has been.
  void spin(std::string_view label);
  /// A line that stays, above the moving one.
  void note(std::string_view line);
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  struct Sample {
    Clock::time_point time;
    uint64_t bytes = 0;
  };

  bool due(std::string_view label);
  void draw(const std::string& line);
  double speed_at(Clock::time_point now, uint64_t done);

  Console& console_;
  bool enabled_;
  bool drawn_ = false;
  unsigned frame_ = 0;
  std::string label_;
  Clock::time_point started_;
  Clock::time_point last_draw_;
  std::deque<Sample> samples_;
};

/// The bar of `Progress`: `columns` wide, eighths of a column resolved.
std::string bar_text(double fraction, int columns);

}  // namespace ingle::cli
