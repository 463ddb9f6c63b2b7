#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>

#include "roles/escape_attempts.h"
#include "roles/os/spawner_process.h"
#include "roles/spawner.h"

namespace ingle::roles {
namespace {

constexpr std::array kRoles{Role::kFront, Role::kEngine, Role::kParse, Role::kEgress};

std::optional<Role> role_named(std::string_view name) {
  for (const Role role : kRoles) {
    if (to_string(role) == name) return role;
  }
  return std::nullopt;
}

template <typename T>
bool read_number(const std::string& word, T& value) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  return error == std::errc() && end == word.data() + word.size();
}

/// Descriptor 3, if whoever started this process put a channel there.
Result<Channel> inherited_channel() {
  int domain = 0;
  socklen_t size = sizeof domain;
  if (::getsockopt(kChannelDescriptor, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0 || domain != AF_UNIX) {
    return std::unexpected(Error::usage("--role is not for people: Inglenook starts its roles itself"));
  }
  // Programs that a role starts (the document tools of parse) must not speak on its channel. There is no other thread yet.
  base::FileDescriptor own(::fcntl(kChannelDescriptor, F_DUPFD_CLOEXEC, kChannelDescriptor + 1));
  if (!own.valid()) return std::unexpected(Error::io("taking over the channel", errno));
  ::close(kChannelDescriptor);
  return Channel(std::move(own));
}

Result<int> run(const RoleCommand& command, const RoleMains& mains) {
  INGLE_TRY(Channel channel, inherited_channel());
  ::prctl(PR_SET_NAME, fmt::format("ingle-{}", to_string(command.role)).c_str());
  if (command.options.prove) return attempt_escapes(std::move(channel), command.role, command.options);
  const RoleMain* main = nullptr;
  switch (command.role) {
    case Role::kEngine:
      main = &mains.engine;
      break;
    case Role::kParse:
      main = &mains.parse;
      break;
    case Role::kEgress:
      main = &mains.egress;
      break;
    case Role::kFront:
      break;
  }
  if (main == nullptr || !*main) {
    return std::unexpected(Error::usage(fmt::format("nothing here can be '{}'", to_string(command.role))));
  }
  return (*main)(std::move(channel), command.options);
}

}  // namespace

std::string_view to_string(Role role) {
  switch (role) {
    case Role::kFront:
      return "front";
    case Role::kEngine:
      return "engine";
    case Role::kParse:
      return "parse";
    case Role::kEgress:
      return "egress";
  }
  return "unknown";
}

std::vector<std::string> words_of(const RoleCommand& command) {
  std::vector<std::string> words{"--role", std::string(to_string(command.role))};
  const SpawnOptions& options = command.options;
  if (options.offline) words.emplace_back("--offline");
  if (options.prove) words.emplace_back("--prove");
  if (options.max_memory_bytes > 0)
    words.insert(words.end(), {"--max-memory", std::to_string(options.max_memory_bytes)});
  if (options.max_file_bytes > 0) words.insert(words.end(), {"--max-file", std::to_string(options.max_file_bytes)});
  if (options.max_cpu_seconds > 0) words.insert(words.end(), {"--max-cpu", std::to_string(options.max_cpu_seconds)});
  return words;
}

Result<std::optional<RoleCommand>> role_of_words(const std::vector<std::string>& words) {
  if (words.empty() || words[0] != "--role") return std::nullopt;
  const auto role = words.size() > 1 ? role_named(words[1]) : std::nullopt;
  if (!role) return std::unexpected(Error::usage("--role needs one of front, engine, parse, egress"));
  RoleCommand command{.role = *role, .options = {}};
  for (size_t i = 2; i < words.size(); ++i) {
    const bool has_value = i + 1 < words.size();
    if (words[i] == "--offline") {
      command.options.offline = true;
    } else if (words[i] == "--prove") {
      command.options.prove = true;
    } else if (words[i] == "--max-memory" && has_value && read_number(words[i + 1], command.options.max_memory_bytes)) {
      ++i;
    } else if (words[i] == "--max-cpu" && has_value && read_number(words[i + 1], command.options.max_cpu_seconds)) {
      ++i;
    } else if (words[i] == "--max-file" && has_value && read_number(words[i + 1], command.options.max_file_bytes)) {
      ++i;
    } else {
      return std::unexpected(Error::usage(fmt::format("a role cannot be started with '{}'", words[i])));
    }
  }
  return command;
}

std::optional<int> run_role(int argc, char** argv, const RoleMains& mains) {
  const auto command = role_of_words(std::vector<std::string>(argv + std::min(argc, 1), argv + argc));
  if (command && !*command) return std::nullopt;
  const auto code = command ? run(**command, mains) : Result<int>(std::unexpected(command.error()));
  if (code) return *code;
  std::fputs(fmt::format("error: {}\n", code.error().message()).c_str(), stderr);
  return 2;
}

}  // namespace ingle::roles
