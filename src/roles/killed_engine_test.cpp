#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "roles/remote_completer.h"

namespace ingle::roles {
namespace {

using ::testing::HasSubstr;

struct Tried {
  int64_t tries = 0;
  Error error;
};

/// Of a model of which the first `kills` engines are killed, and the next says why it cannot load (testing/role_program.cpp).
Tried load_killed(int kills) {
  const auto spawner = Spawner::start().value();
  std::vector<base::FileDescriptor> parts;
  parts.emplace_back(::memfd_create("tries", MFD_CLOEXEC));
  engine::Options options;
  options.pages_on_disk.max_bytes = 1;
  const auto loaded = load_in_engine_role(*spawner, parts, std::to_string(kills), options);
  return {.tries = ::lseek(parts.front().get(), 0, SEEK_CUR), .error = loaded.error()};
}

TEST(KilledEngine, IsTriedOnceMoreIfItWasLoading) {
  const Tried once = load_killed(1);
  EXPECT_EQ(once.tries, 2);
  EXPECT_EQ(once.error, Error::corrupt("no model"));
  const Tried twice = load_killed(2);
  EXPECT_EQ(twice.tries, 2);
  EXPECT_THAT(twice.error.message(), HasSubstr("ended by signal 9"));
}

TEST(KilledEngine, IsAnotherThanOneThatSaysWhyItCannotLoad) {
  const Tried failed = load_killed(0);
  EXPECT_EQ(failed.tries, 1);
  EXPECT_EQ(failed.error, Error::corrupt("no model"));
}

}  // namespace
}  // namespace ingle::roles
