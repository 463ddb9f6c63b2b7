#include "app/server_file.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "base/testing/temp_folder.h"

namespace ingle::app {
namespace {

const net::ListenAddress kAddress{.host = "127.0.0.1", .port = 4321};

/// A process that holds the file of a home until it is killed: a lock says nothing to the process that has it.
class Holder {
 public:
  explicit Holder(const std::filesystem::path& home, const std::function<void(ServerFile&)>& then = {},
                  bool tells = true) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(ends[0]);
      auto held = ServerFile::hold(home);
      const char ok = held && (!tells || held->tell({.address = kAddress, .instance = "abc"})) ? 'y' : 'n';
      if (held && then) then(*held);
      static_cast<void>(!::write(ends[1], &ok, 1));
      for (;;)
        ::pause();
    }
    ::close(ends[1]);
    EXPECT_EQ(::read(ends[0], &holds_, 1), 1);
    ::close(ends[0]);
  }
  ~Holder() { kill(); }

  pid_t pid() const { return pid_; }
  bool holds() const { return holds_ == 'y'; }
  void kill() {
    if (pid_ == 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  pid_t pid_ = 0;
  char holds_ = 0;
};

TEST(ServerFile, names_the_process_that_holds_it_and_not_the_one_that_it_names) {
  const base::testing::TempFolder home;
  Holder holder(home.path());
  ASSERT_TRUE(holder.holds());
  const auto text = base::read_file(server_file(home.path()), 1000);
  ASSERT_TRUE(text.has_value());
  auto running = find_running_server(home.path());
  ASSERT_TRUE(running.has_value());
  EXPECT_EQ(running->pid, holder.pid());
  EXPECT_EQ(running->address.text(), "127.0.0.1:4321");
  EXPECT_EQ(running->instance, "abc");
  const auto mode = std::filesystem::status(server_file(home.path())).permissions();
  EXPECT_EQ(mode, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST(ServerFile, of_a_server_that_was_killed_is_known_as_left_behind) {
  const base::testing::TempFolder home;
  Holder first(home.path());
  first.kill();
  EXPECT_TRUE(std::filesystem::exists(server_file(home.path())));
  EXPECT_FALSE(find_running_server(home.path()).has_value());
  const Holder second(home.path());
  EXPECT_TRUE(second.holds());
  ASSERT_TRUE(find_running_server(home.path()).has_value());
  EXPECT_EQ(find_running_server(home.path())->pid, second.pid());
}

TEST(ServerFile, is_left_to_the_server_that_has_it_and_goes_with_it) {
  const base::testing::TempFolder home;
  {
    const Holder first(home.path());
    const auto second = ServerFile::hold(home.path());
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().message(), "a server of this home runs already: http://127.0.0.1:4321");
    EXPECT_NE(second.error().hint().find("'ingle stop'"), std::string::npos);
    EXPECT_EQ(find_running_server(home.path())->instance, "abc");
  }
  {
    const auto held = ServerFile::hold(home.path());
    ASSERT_TRUE(held.has_value());
    EXPECT_TRUE(std::filesystem::exists(server_file(home.path())));
  }
  EXPECT_FALSE(std::filesystem::exists(server_file(home.path())));
}

TEST(ServerFile, of_a_server_that_is_ending_says_so_and_is_held_to_its_last_answer) {
  const base::testing::TempFolder home;
  Holder holder(home.path(), [](ServerFile& file) { file.show_ending(2); });
  ASSERT_TRUE(holder.holds());
  const auto running = find_running_server(home.path());
  ASSERT_TRUE(running.has_value());
  EXPECT_EQ(running->ending, 2U);
  const auto second = ServerFile::hold(home.path());
  ASSERT_FALSE(second.has_value());
  EXPECT_NE(second.error().message().find("is ending"), std::string::npos) << second.error().message();
}

TEST(ServerFile, of_a_server_that_cannot_say_yet_where_it_is_keeps_others_away_and_names_nobody) {
  const base::testing::TempFolder home;
  Holder killed(home.path());
  killed.kill();
  const Holder starting(home.path(), {}, false);
  ASSERT_TRUE(starting.holds());
  EXPECT_FALSE(find_running_server(home.path()).has_value());
  EXPECT_FALSE(ServerFile::hold(home.path()).has_value());
}

}  // namespace
}  // namespace ingle::app
