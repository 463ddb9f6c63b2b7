#include <langinfo.h>
#include <termios.h>
#include <unistd.h>

#include <clocale>
#include <csignal>
#include <cstdlib>
#include <string>
#include <vector>

#include "app/roles_main.h"
#include "cli/dispatch.h"
#include "roles/spawner.h"

namespace {

/// Line editing and character widths need UTF-8, also where the environment names no locale at all.
void choose_locale() {
  std::setlocale(LC_CTYPE, "");
  if (std::string_view(::nl_langinfo(CODESET)) != "UTF-8") std::setlocale(LC_CTYPE, "C.UTF-8");
}

}  // namespace

int main(int argc, char** argv) {
  if (const auto code = ingle::roles::run_role(argc, argv, ingle::app::role_mains())) return *code;
  choose_locale();
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error of write(), which the console remembers
  const std::vector<std::string> words(argv + 1, argv + argc);
  ingle::cli::ProcessConsole console;
  ingle::cli::Interrupts interrupts;
  termios before{};
  const bool on_terminal = ::tcgetattr(STDIN_FILENO, &before) == 0;
  const auto install = [&] {
    interrupts.install([&console, before, on_terminal] {
      // A progress line may have hidden the cursor, and line editing has keys of its own.
      if (console.talk_is_terminal()) console.talk("\x1b[?25h\x1b[?2004l\n");
      // Restoring the terminal from the background must not stop the process that is about to end.
      std::signal(SIGTTOU, SIG_IGN);
      if (on_terminal) ::tcsetattr(STDIN_FILENO, TCSANOW, &before);
    });
  };
  const ingle::cli::Machinery machinery{.start_spawner = ingle::roles::Spawner::start,
                                        .load_engine = ingle::engine::load,
                                        .when_locked = install,
                                        .variables = ingle::store::process_variables()};
  return ingle::cli::run_command_line(words, console, interrupts, ingle::store::process_environment(), machinery);
}
