// A console for tests: collects what is printed and gives the input it was made with.
#pragma once

#include <algorithm>
#include <string>

#include "cli/console.h"

namespace ingle::cli {

class CollectingConsole : public Console {
 public:
  std::string input;
  std::string data;
  std::string said;
  bool terminal_in = true;
  bool terminal_out = false;
  bool terminal_talk = false;
  int write_errno = 0;

  void out(std::string_view text) override { data += text; }
  void talk(std::string_view text) override { said += text; }
  bool out_is_open() const override { return write_errno == 0; }
  int out_error() const override { return write_errno; }
  Result<std::string> read_input(uint64_t max_bytes) override {
    if (input.size() > max_bytes) return std::unexpected(Error::refused("too long"));
    return input;
  }
  Result<std::optional<std::string>> read_line(uint64_t /*max_bytes*/) override {
    if (input.empty()) return std::nullopt;
    const size_t end = std::min(input.find('\n'), input.size());
    std::string line = input.substr(0, end);
    input.erase(0, end + 1);
    return line;
  }
  bool in_is_terminal() const override { return terminal_in; }
  bool out_is_terminal() const override { return terminal_out; }
  bool talk_is_terminal() const override { return terminal_talk; }
  int width() const override { return 80; }
  bool wants_color() const override { return false; }
};

}  // namespace ingle::cli
