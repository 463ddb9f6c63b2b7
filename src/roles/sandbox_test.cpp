// What a locked role can still do. What it cannot do is tried by escape_attempts_test.cpp.
#include "roles/sandbox.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netdb.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <thread>

#include "base/files.h"
#include "base/testing/temp_folder.h"
#include "engine/engine.h"
#include "models/testing/tiny.h"

namespace ingle::roles {
namespace {

using base::FileDescriptor;
using ::testing::HasSubstr;

/// Runs `what` in a process of its own and returns what it said, or how it ended. Locks cannot be undone.
std::string in_child(const std::function<std::string()>& what) {
  int ends[2];
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    const std::string said = what();
    [[maybe_unused]] const ssize_t n = ::write(ends[1], said.data(), said.size());
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string said;
  char buffer[4096];
  for (ssize_t n = 0; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;)
    said.append(buffer, static_cast<size_t>(n));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFSIGNALED(status) ? "ended by signal " + std::to_string(WTERMSIG(status)) : said;
}

std::string locked(Role role, const SandboxOptions& options, const std::function<std::string()>& what) {
  return in_child([&]() -> std::string {
    const auto report = lock(role, options);
    return report ? what() : report.error().message();
  });
}

std::string reason(bool worked) {
  return worked ? "yes" : std::strerror(errno);
}

std::string can_open(const std::filesystem::path& path, int flags) {
  return reason(FileDescriptor(::open(path.c_str(), flags | O_CLOEXEC, 0600)).valid());
}

std::string output_of(const char* program, const char* argument) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return std::strerror(errno);
  const pid_t pid = ::fork();
  if (pid < 0) return std::strerror(errno);
  if (pid == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    ::execl(program, program, argument, nullptr);
    ::_exit(errno);
  }
  ::close(ends[1]);
  char buffer[256];
  const ssize_t n = ::read(ends[0], buffer, sizeof buffer);
  int status = 0;
  ::waitpid(pid, &status, 0);
  return n > 0 ? std::string(buffer, static_cast<size_t>(n)) : std::strerror(WEXITSTATUS(status));
}

/// A listening socket on loopback, and its port.
std::pair<FileDescriptor, uint16_t> listener() {
  FileDescriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
  EXPECT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(::listen(fd.get(), 8), 0);
  socklen_t size = sizeof address;
  EXPECT_EQ(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  return {std::move(fd), ntohs(address.sin_port)};
}

std::string connects_to(uint16_t port) {
  const FileDescriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return std::string("socket: ") + std::strerror(errno);
  const sockaddr_in address{
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
  return reason(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
}

/// What a model file says to "hello world", or why it does not.
std::string generate(std::span<const FileDescriptor> parts) {
  const auto engine = engine::load(parts, "tiny", {.threads = 2});
  if (!engine) return "load: " + engine.error().message();
  chat::CompleteRequest request;
  request.id = "1";
  request.prompt = chat::RawPrompt{chat::Private("hello world")};
  request.sampling.temperature = 0;
  request.max_tokens = 12;
  request.logprobs = 0;
  request.ignore_eos = true;
  std::string said = "tokens:";
  const auto finished = chat::complete_and_wait(**engine, request, [&](const chat::Event& event) {
    if (const auto* delta = std::get_if<chat::Delta>(&event)) {
      for (const auto& token : delta->tokens)
        said += " " + std::to_string(token.chosen.id);
    }
  });
  return finished ? said : finished.error().message();
}

TEST(Sandbox, AnEngineAnswersTheSameWhenLocked) {
  const auto cases = models::testing::read_tiny_cases(std::filesystem::path(INGLE_TEST_DATA) / "models" / "tiny");
  for (const auto& tiny : cases) {
    std::vector<FileDescriptor> parts;
    parts.push_back(FileDescriptor::open_read(tiny.model).value());
    const std::string free = in_child([&] { return generate(parts); });
    EXPECT_EQ(locked(Role::kEngine, {}, [&] { return generate(parts); }), free) << tiny.name;
    EXPECT_THAT(free, ::testing::StartsWith("tokens: ")) << tiny.name;
  }
}

TEST(Sandbox, AnEngineWritesInTheFilesThatItWasGivenAndChangesNoSize) {
  const base::testing::TempFolder folder;
  base::testing::write(folder / "pages", std::string(4096, ' '));
  const FileDescriptor page(::open((folder / "pages").c_str(), O_RDWR | O_CLOEXEC));
  EXPECT_EQ(locked(Role::kEngine, {},
                   [&] {
                     // Others map the same file: a shorter one would end them, a longer one would fill their memory.
                     if (::ftruncate(page.get(), 0) == 0) return std::string("cut");
                     if (::pwrite(page.get(), "x", 1, off_t{1} << 30) == 1) return std::string("grown");
                     void* memory = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, page.get(), 0);
                     if (memory == MAP_FAILED) return std::string(std::strerror(errno));
                     std::memcpy(memory, "kept", 4);
                     return can_open(folder / "pages", O_RDONLY);
                   }),
            "Operation not permitted");
  EXPECT_EQ(base::testing::read(folder / "pages").substr(0, 4), "kept");
  EXPECT_EQ(base::testing::read(folder / "pages").size(), 4096U);
}

TEST(Sandbox, ParseRunsProgramsOfTheSystemAndWritesItsOwnFolderOnly) {
  const base::testing::TempFolder own;
  const base::testing::TempFolder other;
  base::testing::write(other / "secret", "x");
  const SandboxOptions options{.writable = {own.path()}};
  EXPECT_EQ(locked(Role::kParse, options, [&] { return output_of("/bin/echo", "hello"); }), "hello\n");
  EXPECT_EQ(locked(Role::kParse, options, [&] { return can_open(own / "page.txt", O_RDWR | O_CREAT); }), "yes");
  EXPECT_EQ(locked(Role::kParse, options, [&] { return can_open(other / "secret", O_RDONLY); }), "Permission denied");
  EXPECT_EQ(locked(Role::kParse, options, [&] { return can_open(other / "new", O_RDWR | O_CREAT); }),
            "Permission denied");
  EXPECT_EQ(locked(Role::kParse, options, [&] { return can_open("/etc/passwd", O_RDONLY); }), "Permission denied");
}

TEST(Sandbox, ParseDoesNotRunWhatItWroteItself) {
  const base::testing::TempFolder own;
  base::testing::write(own / "program", base::testing::read("/bin/echo"));
  std::filesystem::permissions(own / "program", std::filesystem::perms::owner_all);
  EXPECT_EQ(in_child([&] { return output_of((own / "program").c_str(), "hello"); }), "hello\n");
  EXPECT_EQ(
      locked(Role::kParse, {.writable = {own.path()}}, [&] { return output_of((own / "program").c_str(), "hello"); }),
      "Permission denied");
}

TEST(Sandbox, ParseEndsWhenItTakesMoreTimeOrMemoryThanAllowed) {
  EXPECT_EQ(locked(Role::kParse, {.max_cpu_seconds = 1},
                   [] {
                     while (::getpid() != 0) {
                     }
                     return std::string();
                   }),
            "ended by signal " + std::to_string(SIGKILL));
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  EXPECT_EQ(locked(Role::kParse, {.max_memory_bytes = 64 << 20},
                   [] {
                     void* memory =
                         ::mmap(nullptr, 128 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                     return reason(memory != MAP_FAILED);
                   }),
            "Cannot allocate memory");
#endif
}

TEST(Sandbox, EgressConnectsAndReadsTheResolversFilesOnly) {
  const auto [fd, port] = listener();
  EXPECT_EQ(locked(Role::kEgress, {}, [&] { return connects_to(port); }), "yes");
  EXPECT_EQ(locked(Role::kEgress, {}, [] { return can_open("/etc/hosts", O_RDONLY); }), "yes");
  EXPECT_EQ(locked(Role::kEgress, {}, [] { return can_open("/etc/hosts", O_RDWR); }), "Permission denied");
  EXPECT_EQ(locked(Role::kEgress, {}, [] { return can_open("/etc/passwd", O_RDONLY); }), "Permission denied");
}

TEST(Sandbox, EgressResolvesNamesAndStartsThreads) {
  EXPECT_EQ(locked(Role::kEgress, {},
                   [] {
                     std::string said;
                     std::thread resolver([&] {
                       addrinfo* found = nullptr;
                       const int error = ::getaddrinfo("localhost", "80", nullptr, &found);
                       said = error == 0 ? "yes" : ::gai_strerror(error);
                     });
                     resolver.join();
                     return said;
                   }),
            "yes");
}

TEST(Sandbox, EgressReadsTheCertificatesThatWereNamed) {
  const base::testing::TempFolder folder;
  base::testing::write(folder / "ca.pem", "x");
  EXPECT_EQ(
      locked(Role::kEgress, {.readable = {folder / "ca.pem"}}, [&] { return can_open(folder / "ca.pem", O_RDONLY); }),
      "yes");
}

TEST(Sandbox, EgressOfflineHasNoSocketsAtAll) {
  const auto [fd, port] = listener();
  EXPECT_EQ(locked(Role::kEgress, {.offline = true}, [&] { return connects_to(port); }),
            "socket: Operation not permitted");
}

TEST(Sandbox, FrontAcceptsOnTheSocketItOpenedBeforeAndConnectsNowhere) {
  const auto [fd, port] = listener();
  const FileDescriptor client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address{
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
  ASSERT_EQ(::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  const base::testing::TempFolder home;
  EXPECT_EQ(locked(Role::kFront, {.writable = {home.path()}},
                   [&]() -> std::string {
                     const FileDescriptor accepted(::accept4(fd.get(), nullptr, nullptr, SOCK_CLOEXEC));
                     if (::send(accepted.get(), "hi", 2, MSG_NOSIGNAL) != 2) return std::strerror(errno);
                     if (!base::write_file_atomic(home / "config.toml", "x")) return "cannot write its home";
                     return connects_to(port);
                   }),
            "socket: Operation not permitted");
  char answer[2];
  EXPECT_EQ(::recv(client.get(), answer, 2, 0), 2);
}

TEST(Sandbox, FrontReadsWhatItWasToldAndWritesItsHomeOnly) {
  const base::testing::TempFolder home;
  const base::testing::TempFolder models;
  base::testing::write(models / "model.gguf", "x");
  const SandboxOptions options{.writable = {home.path()}, .readable = {models.path()}};
  EXPECT_EQ(locked(Role::kFront, options, [&] { return can_open(models / "model.gguf", O_RDONLY); }), "yes");
  EXPECT_EQ(locked(Role::kFront, options, [&] { return can_open(models / "model.gguf", O_RDWR); }),
            "Permission denied");
  EXPECT_EQ(locked(Role::kFront, options, [&] { return output_of("/bin/echo", "hello"); }), "Operation not permitted");
}

TEST(Sandbox, ALockedProcessIsHiddenAndLeavesNoCoreDump) {
  for (const Role role : {Role::kFront, Role::kParse}) {
    EXPECT_EQ(locked(role, {},
                     [] {
                       rlimit core{};
                       ::getrlimit(RLIMIT_CORE, &core);
                       return std::to_string(::prctl(PR_GET_DUMPABLE)) +
                              std::to_string(::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)) + std::to_string(core.rlim_max);
                     }),
              "010");
  }
}

#if !defined(__SANITIZE_THREAD__)  // which has a thread of its own
TEST(Sandbox, LockingAfterThreadsWereStartedIsRefused) {
  EXPECT_THAT(in_child([] {
                std::thread other([] { ::pause(); });
                other.detach();
                const auto report = lock(Role::kEngine, {});
                return report ? std::string("locked") : report.error().message();
              }),
              HasSubstr("threads were started before"));
}
#endif

TEST(Sandbox, WhatTheKernelOffersIsReported) {
  const SandboxReport report = sandbox_offered();
  EXPECT_TRUE(report.seccomp);
  EXPECT_EQ(report.missing.empty(), report.landlock_abi >= 4);
}

}  // namespace
}  // namespace ingle::roles
