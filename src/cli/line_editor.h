// LineEditor: a prompt with history and editing keys, on libedit.
//
// Ctrl-C at the prompt drops the line and is reported; it raises no signal there. A paste of several lines stands in the
// line as "[pasted 3 lines]" and comes back whole. One per process, used by one thread.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/result.h"

namespace ingle::cli {

class LineEditor {
 public:
  /// `history_file` is read now and written by the destructor, for its owner only (0600); an empty path keeps nothing.
  explicit LineEditor(std::filesystem::path history_file);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  enum class Outcome : uint8_t { kLine, kInterrupted, kEnd };
  /// Reads one line, without its newline.
  Outcome read(const std::string& prompt, std::string& line);

  void remember(const std::string& line);
  void keep_history(bool keep);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ingle::cli
