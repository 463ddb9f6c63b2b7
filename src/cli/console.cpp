#include "cli/console.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "base/utf8.h"
#include "chat/errors.h"

namespace ingle::cli {
namespace {

/// 0, or the errno of the write that failed.
int write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    text.remove_prefix(static_cast<size_t>(n));
  }
  return 0;
}

/// A stream that the caller closed would otherwise lend its number to the next file that is opened, and what is printed
/// would land in that file. Opened the wrong way round, every use of it still fails.
bool keep_number(int fd) {
  if (::fcntl(fd, F_GETFD) < 0 && errno == EBADF) ::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  return ::isatty(fd) == 1;
}

}  // namespace

ProcessConsole::ProcessConsole()
    : in_terminal_(keep_number(STDIN_FILENO)),
      out_terminal_(keep_number(STDOUT_FILENO)),
      talk_terminal_(keep_number(STDERR_FILENO)) {
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  color_ = (no_color == nullptr || *no_color == 0) && term != nullptr && std::string_view(term) != "dumb";
}

void ProcessConsole::out(std::string_view data) {
  if (out_error_ == 0) out_error_ = write_all(STDOUT_FILENO, data);
}

void ProcessConsole::talk(std::string_view text) {
  write_all(STDERR_FILENO, text);
}

Result<bool> ProcessConsole::read_more() {
  char buffer[1 << 16];
  for (;;) {
    const ssize_t n = ::read(STDIN_FILENO, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::unexpected(Error::io("reading standard input", errno));
    pending_.append(buffer, static_cast<size_t>(n));
    return n > 0;
  }
}

Result<std::string> ProcessConsole::read_input(uint64_t max_bytes) {
  for (bool more = true; more;) {
    INGLE_TRY(more, read_more());
    if (pending_.size() > max_bytes)
      return std::unexpected(
          Error::refused("standard input is larger than " + format_bytes(max_bytes)).hint("send a shorter text"));
  }
  return std::exchange(pending_, {});
}

Result<std::optional<std::string>> ProcessConsole::read_line(uint64_t max_bytes) {
  size_t searched = 0;
  for (bool more = true;;) {
    const size_t end = pending_.find('\n', searched);
    if (end != std::string::npos || (!more && !pending_.empty())) {
      std::string line = pending_.substr(0, end);
      pending_.erase(0, end == std::string::npos ? end : end + 1);
      return line;
    }
    if (!more) return std::nullopt;
    if (pending_.size() > max_bytes)
      return std::unexpected(Error::refused("a line of standard input is longer than " + format_bytes(max_bytes)));
    searched = pending_.size();
    INGLE_TRY(more, read_more());
  }
}

int ProcessConsole::width() const {
  winsize size{};
  for (const int fd : {STDERR_FILENO, STDOUT_FILENO})
    if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

std::string terminal_safe(std::string_view text) {
  const std::string valid = base::to_valid_utf8(text);
  std::string safe;
  safe.reserve(valid.size());
  for (size_t i = 0; i < valid.size(); ++i) {
    const auto byte = static_cast<unsigned char>(valid[i]);
    if ((byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f) {
      // U+2400 ... U+2421 are the pictures of the control characters.
      const unsigned picture = byte == 0x7f ? 0x21U : byte;
      safe += "\xe2\x90";
      safe += static_cast<char>(0x80U + picture);
    } else if (byte == 0xc2 && i + 1 < valid.size() && static_cast<unsigned char>(valid[i + 1]) < 0xa0) {
      safe += "\xef\xbf\xbd";  // C1 control characters: some terminals act on them as on ESC
      ++i;
    } else {
      safe += valid[i];
    }
  }
  return safe;
}

void print_error(Console& console, const Error& error) {
  const bool color = console.talk_is_terminal() && console.wants_color();
  std::string text = color ? "\x1b[31merror:\x1b[0m " : "error: ";
  text += terminal_safe(error.message());
  const std::string hint = chat::hint_in({.context = "--ctx ", .answer = "-n "}, error);
  if (!hint.empty()) text += "\n  hint: " + terminal_safe(hint);
  console.talk(text + "\n");
}

int exit_code_of(const Error& error) {
  switch (error.code()) {
    case ErrorCode::kUsage:
      return 2;
    case ErrorCode::kRefused:
    case ErrorCode::kCorrupt:
    case ErrorCode::kUnsupported:
      return 3;
    case ErrorCode::kCancelled:
      return 130;
    default:
      return 1;
  }
}

}  // namespace ingle::cli
