#include "roles/spawner.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "roles/testing/role_program.h"

namespace ingle::roles {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::Order;

constexpr int kWatchdogMs = 300'000;

/// Whether the process `pid` ends before the watchdog; a process that is gone already has ended.
bool ends(pid_t pid) {
  const base::FileDescriptor process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!process.valid()) return true;
  pollfd polled{.fd = process.get(), .events = POLLIN, .revents = 0};
  return ::poll(&polled, 1, kWatchdogMs) == 1;
}

bool runs(pid_t pid) {
  return ::kill(pid, 0) == 0;
}

std::string ask(Child& child, uint8_t order, std::string_view payload = {}) {
  EXPECT_TRUE(child.channel().send(order, payload));
  auto frame = child.channel().receive();
  EXPECT_TRUE(frame) << frame.error().message();
  return frame ? frame->payload : "";
}

/// The spawner is the parent of its roles: the fourth field of /proc/PID/stat.
pid_t spawner_of(const Child& child) {
  int parent = 0;
  FILE* stat = std::fopen(("/proc/" + std::to_string(child.pid()) + "/stat").c_str(), "r");
  EXPECT_NE(stat, nullptr);
  EXPECT_EQ(std::fscanf(stat, "%*d %*s %*c %d", &parent), 1);
  std::fclose(stat);
  return parent;
}

class SpawnerTest : public ::testing::Test {
 protected:
  std::unique_ptr<Spawner> spawner_ = Spawner::start().value();
};

TEST_F(SpawnerTest, ARoleAnswersOnItsChannel) {
  Child child = spawner_->spawn(Role::kEngine).value();
  EXPECT_EQ(ask(child, 1, "hello"), "hello");
  EXPECT_EQ(child.how_it_ended(), "");
}

TEST_F(SpawnerTest, DescriptorsReachARoleAndComeBack) {
  Child child = spawner_->spawn(Role::kParse).value();
  std::vector<base::FileDescriptor> sent;
  sent.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(child.channel().send(1, "file", sent));
  EXPECT_EQ(child.channel().receive()->descriptors.size(), 1);
}

TEST_F(SpawnerTest, ARoleHasNothingOpenButItsChannelAndNoSettings) {
  ::setenv("INGLE_SECRET_OF_FRONT", "1", 1);
  const base::FileDescriptor inheritable(::open("/dev/null", O_RDONLY));  // not close-on-exec
  const auto spawner = Spawner::start().value();
  Child child = spawner->spawn(Role::kEngine, {.max_memory_bytes = 12345}).value();
  const std::string facts = ask(child, Order::kTellFacts);
  EXPECT_THAT(facts, HasSubstr("stdin=/dev/null\nstdout=/dev/null\nstderr=/dev/null\nopen=socket: \n"));
  EXPECT_THAT(facts, HasSubstr("environment=PATH=/usr/bin:/bin;LANG=C.UTF-8;"));
  EXPECT_THAT(facts, Not(HasSubstr("SECRET")));
  EXPECT_THAT(facts, HasSubstr("death_signal=9\ngroup=own\nmax_memory=12345\n"));
  ::unsetenv("INGLE_SECRET_OF_FRONT");
}

TEST_F(SpawnerTest, AKilledRoleIsNoticedAtOnceAndSaysHowItEnded) {
  Child child = spawner_->spawn(Role::kEngine).value();
  EXPECT_EQ(ask(child, 1, "alive"), "alive");
  ASSERT_EQ(::kill(child.pid(), SIGKILL), 0);
  EXPECT_EQ(child.channel().receive().error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(child.how_it_ended(), "ended by signal 9");
  EXPECT_EQ(child.how_it_ended(), "ended by signal 9");
}

TEST_F(SpawnerTest, ASignalToAllProcessesOfAServiceEndsNoRole) {
  for (const Role role : {Role::kEngine, Role::kParse}) {
    Child child = spawner_->spawn(role).value();
    EXPECT_EQ(ask(child, 1, "before"), "before");
    for (const int number : {SIGTERM, SIGINT, SIGHUP})
      ASSERT_EQ(::kill(child.pid(), number), 0);
    EXPECT_EQ(ask(child, 1, "after"), "after");
  }
}

TEST_F(SpawnerTest, AStoppedRoleCanBeKilled) {
  Child child = spawner_->spawn(Role::kEngine).value();
  ASSERT_EQ(::kill(child.pid(), SIGSTOP), 0);
  child.kill();
  EXPECT_TRUE(ends(child.pid()));
}

TEST_F(SpawnerTest, TheEndOfAllReachesRolesThatDoNotListen) {
  Child deaf = spawner_->spawn(Role::kEngine).value();
  Child stopped = spawner_->spawn(Role::kEngine).value();
  ASSERT_TRUE(deaf.channel().send(Order::kBeDeaf, ""));
  ASSERT_EQ(::kill(stopped.pid(), SIGSTOP), 0);
  EXPECT_TRUE(spawner_->can_spawn());
  spawner_->end();
  EXPECT_FALSE(spawner_->can_spawn());
  EXPECT_FALSE(deaf.channel().receive());
  EXPECT_FALSE(stopped.channel().receive());
  EXPECT_FALSE(spawner_->spawn(Role::kEngine));
}

TEST_F(SpawnerTest, AnExitCodeIsTold) {
  Child child = spawner_->spawn(Role::kEngine).value();
  ASSERT_TRUE(child.channel().send(Order::kExit, "7"));
  EXPECT_FALSE(child.channel().receive());
  EXPECT_EQ(child.how_it_ended(), "exit code 7");
}

TEST_F(SpawnerTest, DroppingAChildEndsItAlsoWhenItDoesNotListen) {
  std::optional<Child> child = spawner_->spawn(Role::kEngine).value();
  const pid_t pid = child->pid();
  ASSERT_TRUE(child->channel().send(Order::kBeDeaf, ""));
  child.reset();
  EXPECT_TRUE(ends(pid));
}

TEST_F(SpawnerTest, WhatARoleStartedEndsWithIt) {
  std::optional<Child> child = spawner_->spawn(Role::kParse).value();
  const pid_t dropped = std::stoi(ask(*child, Order::kStartGrandchild));
  child.reset();
  EXPECT_TRUE(ends(dropped));

  Child exits = spawner_->spawn(Role::kParse).value();
  const pid_t left = std::stoi(ask(exits, Order::kStartGrandchild));
  ASSERT_TRUE(exits.channel().send(Order::kExit, "0"));
  EXPECT_TRUE(ends(left));
}

/// TMPDIR of a role.
std::filesystem::path folder_of(Child& child) {
  const std::string facts = ask(child, Order::kTellFacts);
  const size_t from = facts.find("TMPDIR=");
  if (from == std::string::npos) return {};
  return facts.substr(from + 7, facts.find(';', from) - from - 7);
}

bool vanishes(const std::filesystem::path& folder) {
  const auto watchdog = std::chrono::steady_clock::now() + std::chrono::milliseconds(kWatchdogMs);
  while (std::filesystem::exists(folder)) {
    if (std::chrono::steady_clock::now() > watchdog) return false;
    std::this_thread::yield();
  }
  return true;
}

TEST_F(SpawnerTest, ParseHasAPrivateFolderThatGoesWithIt) {
  namespace fs = std::filesystem;
  Child engine = spawner_->spawn(Role::kEngine).value();
  EXPECT_EQ(folder_of(engine), "");
  std::optional<Child> dropped = spawner_->spawn(Role::kParse).value();
  Child killed = spawner_->spawn(Role::kParse).value();
  Child left = spawner_->spawn(Role::kParse).value();
  const std::vector<fs::path> folders{folder_of(*dropped), folder_of(killed), folder_of(left)};
  for (const fs::path& folder : folders) {
    EXPECT_EQ(fs::status(folder).permissions(), fs::perms::owner_all) << folder;
    fs::create_directories(folder / "pages" / "1");
    fs::create_symlink("/", folder / "pages" / "link");
  }
  dropped.reset();
  ::kill(killed.pid(), SIGKILL);
  EXPECT_TRUE(vanishes(folders[0]));
  EXPECT_TRUE(vanishes(folders[1]));
  EXPECT_TRUE(fs::exists(folders[2]));
  spawner_.reset();
  EXPECT_TRUE(vanishes(folders[2]));
}

TEST_F(SpawnerTest, RolesDoNotDisturbEachOther) {
  Child first = spawner_->spawn(Role::kEngine).value();
  Child second = spawner_->spawn(Role::kEngine).value();
  EXPECT_NE(first.pid(), second.pid());
  ::kill(first.pid(), SIGKILL);
  EXPECT_FALSE(first.channel().receive());
  EXPECT_EQ(ask(second, 1, "still here"), "still here");
  Child third = spawner_->spawn(Role::kEngine).value();
  EXPECT_EQ(ask(third, 1, "in its place"), "in its place");
}

TEST_F(SpawnerTest, SeveralThreadsMaySpawn) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 3; ++k) {
        Child child = spawner_->spawn(Role::kEngine).value();
        EXPECT_EQ(ask(child, 1, "x"), "x");
      }
    });
  }
  for (auto& thread : threads)
    thread.join();
}

TEST_F(SpawnerTest, EveryRoleEndsWithTheSpawnerAndAChildThatIsLeftSaysSo) {
  Child child = spawner_->spawn(Role::kEngine).value();
  const pid_t grandchild = std::stoi(ask(child, Order::kStartGrandchild));
  spawner_.reset();
  EXPECT_EQ(child.channel().receive().error().code(), ErrorCode::kUnavailable);
  EXPECT_TRUE(ends(grandchild));
  EXPECT_NE(child.how_it_ended(), "");
}

/// Of a front that is killed: the role, what that started, and the spawner, which may have been stopped before.
void expect_all_end_with_front(bool with_stopped_spawner) {
  int ends_of_pipe[2];
  ASSERT_EQ(::pipe2(ends_of_pipe, O_CLOEXEC), 0);
  const pid_t front = ::fork();
  if (front == 0) {
    auto spawner = Spawner::start();
    auto child = (*spawner)->spawn(Role::kParse);
    const pid_t pids[] = {child->pid(), std::stoi(ask(*child, Order::kStartGrandchild)), spawner_of(*child)};
    if (with_stopped_spawner) ::kill(spawner_of(*child), SIGSTOP);
    // Deaf: it is not the closed channel that ends it.
    if (child->channel().send(Order::kBeDeaf, "") && ::write(ends_of_pipe[1], pids, sizeof pids) > 0) ::pause();
    ::_exit(1);
  }
  pid_t pids[3];
  ASSERT_EQ(::read(ends_of_pipe[0], pids, sizeof pids), static_cast<ssize_t>(sizeof pids));
  for (const pid_t pid : pids)
    EXPECT_TRUE(runs(pid));
  ::kill(front, SIGKILL);
  ::waitpid(front, nullptr, 0);
  for (const pid_t pid : pids)
    EXPECT_TRUE(ends(pid));
  ::close(ends_of_pipe[0]);
  ::close(ends_of_pipe[1]);
}

TEST(SpawnerEnd, ARoleWhoseFrontIsKilledEndsWithWhatItStarted) {
  expect_all_end_with_front(/*with_stopped_spawner=*/false);
}

TEST(SpawnerEnd, AStoppedSpawnerEndsWithItsFrontToo) {
  expect_all_end_with_front(/*with_stopped_spawner=*/true);
}

TEST_F(SpawnerTest, AStoppedSpawnerGoesOnWhenItIsNeeded) {
  std::optional<Child> first = spawner_->spawn(Role::kEngine).value();
  const pid_t spawner = spawner_of(*first);
  ASSERT_EQ(::kill(spawner, SIGSTOP), 0);
  Child second = spawner_->spawn(Role::kEngine).value();
  EXPECT_EQ(ask(second, 1, "here"), "here");
  ASSERT_EQ(::kill(spawner, SIGSTOP), 0);
  const pid_t pid = first->pid();
  ASSERT_TRUE(first->channel().send(Order::kBeDeaf, ""));
  first.reset();
  EXPECT_TRUE(ends(pid));
  ASSERT_EQ(::kill(spawner, SIGSTOP), 0);
  spawner_.reset();
  EXPECT_TRUE(ends(second.pid()));
}

TEST_F(SpawnerTest, ADeadSpawnerIsAnErrorWithWhatToDo) {
  Child child = spawner_->spawn(Role::kEngine).value();
  ASSERT_EQ(::kill(spawner_of(child), SIGKILL), 0);
  EXPECT_EQ(child.channel().receive().error().code(), ErrorCode::kUnavailable) << "roles end with it";
  const Status able = spawner_->can_spawn();
  ASSERT_FALSE(able);
  const auto next = spawner_->spawn(Role::kEngine);
  ASSERT_FALSE(next);
  EXPECT_EQ(next.error(), able.error());
  EXPECT_EQ(next.error().code(), ErrorCode::kUnavailable);
  EXPECT_NE(next.error().hint(), "");
}

TEST(RoleCommand, WordsAreReadAsTheyWereWritten) {
  for (const RoleCommand& command :
       {RoleCommand{.role = Role::kEngine, .options = {}},
        RoleCommand{.role = Role::kEgress, .options = {.offline = true}},
        RoleCommand{.role = Role::kFront, .options = {.prove = true}},
        RoleCommand{.role = Role::kParse, .options = {.max_memory_bytes = 1ULL << 40, .max_cpu_seconds = 20}},
        RoleCommand{.role = Role::kEngine, .options = {.max_file_bytes = 1ULL << 33}}}) {
    EXPECT_EQ(role_of_words(words_of(command)).value(), command);
  }
}

TEST(RoleCommand, OtherCommandLinesAreNotRoles) {
  EXPECT_EQ(role_of_words({}).value(), std::nullopt);
  EXPECT_EQ(role_of_words({"run", "--role", "engine"}).value(), std::nullopt);
}

TEST(RoleCommand, AMalformedRoleIsAnError) {
  using Words = std::vector<std::string>;
  for (const Words& words :
       {Words{"--role"}, Words{"--role", "king"}, Words{"--role", "engine", "--max-memory"},
        Words{"--role", "engine", "--max-memory", "1x"}, Words{"--role", "parse", "--max-cpu", "-1"},
        Words{"--role", "parse", "--fast"}, Words{"--role", ""}}) {
    EXPECT_EQ(role_of_words(words).error().code(), ErrorCode::kUsage);
  }
}

TEST(RoleCommand, ARoleWithoutAChannelDoesNotStart) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::close(STDERR_FILENO);
    ::execl("/proc/self/exe", "ingle", "--role", "engine", nullptr);
    ::_exit(99);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 2);
}

}  // namespace
}  // namespace ingle::roles

int main(int argc, char** argv) {
  if (const auto code = ingle::roles::run_role(argc, argv, ingle::roles::testing::test_roles())) return *code;
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
