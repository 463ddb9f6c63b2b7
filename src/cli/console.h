// The one place that prints: data to stdout, talk to stderr, and what the terminal can do.
//
// Verbs hold a Console by reference; a test gives them one that collects. One thread writes at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ingle::cli {

class Console {
 public:
  virtual ~Console() = default;

  virtual void out(std::string_view data) = 0;
  virtual void talk(std::string_view text) = 0;
  /// False once nobody reads stdout any more (a closed pipe): long work may stop.
  virtual bool out_is_open() const = 0;
  /// The errno of the first write to stdout that failed; 0 while all went well.
  virtual int out_error() const = 0;

  /// All of stdin.
  virtual Result<std::string> read_input(uint64_t max_bytes) = 0;

  /// One line of stdin without its newline; nothing at the end. Longer lines than `max_bytes` are an error.
  virtual Result<std::optional<std::string>> read_line(uint64_t max_bytes) = 0;

  virtual bool in_is_terminal() const = 0;
  virtual bool out_is_terminal() const = 0;
  virtual bool talk_is_terminal() const = 0;
  /// Columns of the terminal; 80 when unknown.
  virtual int width() const = 0;
  /// Whether escape sequences for colour are wanted on a terminal (NO_COLOR unset, TERM not "dumb").
  virtual bool wants_color() const = 0;
};

/// stdin, stdout and stderr of this process.
class ProcessConsole : public Console {
 public:
  ProcessConsole();
  void out(std::string_view data) override;
  void talk(std::string_view text) override;
  bool out_is_open() const override { return out_error_ == 0; }
  int out_error() const override { return out_error_; }
  Result<std::string> read_input(uint64_t max_bytes) override;
  Result<std::optional<std::string>> read_line(uint64_t max_bytes) override;
  bool in_is_terminal() const override { return in_terminal_; }
  bool out_is_terminal() const override { return out_terminal_; }
  bool talk_is_terminal() const override { return talk_terminal_; }
  int width() const override;
  bool wants_color() const override { return color_; }

 private:
  /// Appends what stdin has to `pending_`; false at the end.
  Result<bool> read_more();

  std::string pending_;  // read from stdin and not yet handed out
  bool in_terminal_ = false;
  bool out_terminal_ = false;
  bool talk_terminal_ = false;
  bool color_ = false;
  int out_error_ = 0;
};

/// Text from a model, a file or a server, made safe for a terminal: control characters other than newline and tab become
/// visible, so that nothing but us moves the cursor or sets the title. Valid UTF-8 comes out.
std::string terminal_safe(std::string_view text);

/// "error: what" and, when there is one, "  hint: next step".
void print_error(Console& console, const Error& error);

/// The exit code that says what kind of failure this was: 1 failed, 2 wrong usage, 3 input refused, 130 interrupted.
int exit_code_of(const Error& error);

/// Columns that text takes on a terminal, escape sequences not counted.
int display_width(std::string_view text);

// "394 MB" (decimal, like every shop and disk label), "3 days ago", "4 minutes from now", "1m 20s".
std::string format_bytes(uint64_t bytes);
std::string format_age(int64_t seconds);
std::string format_until(int64_t seconds);
std::string format_duration(double seconds);
/// "494.03M", "1.54B"
std::string format_count(uint64_t count);

}  // namespace ingle::cli
