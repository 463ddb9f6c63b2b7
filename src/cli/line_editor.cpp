#include "cli/line_editor.h"

#include <fcntl.h>
#include <histedit.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <vector>

namespace ingle::cli {
namespace {

constexpr int kHistoryLines = 1000;
constexpr size_t kMaxPaste = 4 << 20;
constexpr const char* kPasteOn = "\x1b[?2004h";
constexpr const char* kPasteOff = "\x1b[?2004l";
constexpr std::string_view kPasteEnd = "\x1b[201~";

}  // namespace

struct LineEditor::Impl {
  EditLine* line = nullptr;
  History* history = nullptr;
  HistEvent event{};
  std::filesystem::path history_file;
  bool keep = true;
  std::string prompt;
  bool interrupted = false;
  struct Paste {
    std::string placeholder;
    std::string text;
  };
  std::vector<Paste> pastes;

  static Impl& of(EditLine* line) {
    void* self = nullptr;
    el_get(line, EL_CLIENTDATA, &self);
    return *static_cast<Impl*>(self);
  }

  static char* show_prompt(EditLine* line) { return of(line).prompt.data(); }

  static unsigned char on_interrupt(EditLine* line, int /*key*/) {
    of(line).interrupted = true;
    return CC_NEWLINE;
  }

  /// The terminal says where a paste begins and ends, so that its line breaks are no Enter keys.
  static unsigned char on_paste(EditLine* line, int /*key*/) {
    Impl& self = of(line);
    std::string text;
    char c = 0;
    while (!text.ends_with(kPasteEnd) && text.size() < kMaxPaste && el_getc(line, &c) == 1)
      text += c;
    if (text.ends_with(kPasteEnd)) text.resize(text.size() - kPasteEnd.size());
    std::ranges::replace(text, '\r', '\n');
    while (text.ends_with('\n'))
      text.pop_back();
    const auto breaks = std::ranges::count(text, '\n');
    if (breaks > 0) {
      const std::string number = self.pastes.empty() ? "" : " #" + std::to_string(self.pastes.size() + 1);
      self.pastes.push_back({"[pasted " + std::to_string(breaks + 1) + " lines" + number + "]", std::move(text)});
      text = self.pastes.back().placeholder;
    }
    el_insertstr(line, text.c_str());
    return CC_REFRESH;
  }

  void expand_pastes(std::string& text) const {
    for (const Paste& paste : pastes) {
      const size_t at = text.find(paste.placeholder);
      if (at != std::string::npos) text.replace(at, paste.placeholder.size(), paste.text);
    }
  }
};

LineEditor::LineEditor(std::filesystem::path history_file) : impl_(std::make_unique<Impl>()) {
  impl_->history_file = std::move(history_file);
  impl_->history = history_init();
  history(impl_->history, &impl_->event, H_SETSIZE, kHistoryLines);
  history(impl_->history, &impl_->event, H_SETUNIQUE, 1);
  if (!impl_->history_file.empty()) history(impl_->history, &impl_->event, H_LOAD, impl_->history_file.c_str());

  EditLine* line = el_init("ingle", stdin, stdout, stderr);
  impl_->line = line;
  el_set(line, EL_CLIENTDATA, impl_.get());
  el_set(line, EL_PROMPT, &Impl::show_prompt);
  el_set(line, EL_EDITOR, "emacs");
  el_set(line, EL_HIST, history, impl_->history);
  el_set(line, EL_ADDFN, "ingle-interrupt", "drop the line", &Impl::on_interrupt);
  el_set(line, EL_BIND, "^C", "ingle-interrupt", nullptr);
  el_set(line, EL_SETTY, "-d", "-isig", nullptr);  // while editing, Ctrl-C is a key and no signal
  el_set(line, EL_ADDFN, "ingle-paste", "insert a paste", &Impl::on_paste);
  el_set(line, EL_BIND, "\\e[200~", "ingle-paste", nullptr);
  el_set(line, EL_BIND, "^R", "em-inc-search-prev", nullptr);
  el_set(line, EL_BIND, "\\e[1;5D", "ed-prev-word", nullptr);
  el_set(line, EL_BIND, "\\e[1;5C", "em-next-word", nullptr);
}

LineEditor::~LineEditor() {
  if (impl_->keep && !impl_->history_file.empty()) {
    // Created with its final mode: the file must not be readable by others for a moment either.
    const int fd = ::open(impl_->history_file.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    if (fd >= 0) {
      ::fchmod(fd, 0600);
      ::close(fd);
      history(impl_->history, &impl_->event, H_SAVE, impl_->history_file.c_str());
    }
  }
  el_end(impl_->line);
  history_end(impl_->history);
}

LineEditor::Outcome LineEditor::read(const std::string& prompt, std::string& line) {
  impl_->prompt = prompt;
  impl_->interrupted = false;
  impl_->pastes.clear();
  std::fputs(kPasteOn, stdout);
  std::fflush(stdout);
  // libedit would show the prompt first and change the terminal's mode after it: a Ctrl-C between the two would be a
  // signal and end the program.
  el_set(impl_->line, EL_PREP_TERM, 1);
  el_resize(impl_->line);
  int size = 0;
  const char* text = el_gets(impl_->line, &size);
  std::fputs(kPasteOff, stdout);
  std::fflush(stdout);
  if (impl_->interrupted) return Outcome::kInterrupted;
  if (text == nullptr || size <= 0) return Outcome::kEnd;
  line.assign(text, static_cast<size_t>(size));
  while (line.ends_with('\n'))
    line.pop_back();
  impl_->expand_pastes(line);
  return Outcome::kLine;
}

void LineEditor::remember(const std::string& line) {
  if (line.empty()) return;
  history(impl_->history, &impl_->event, H_ENTER, line.c_str());
}

void LineEditor::keep_history(bool keep) {
  impl_->keep = keep;
}

}  // namespace ingle::cli
