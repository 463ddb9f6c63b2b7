#include <gtest/gtest.h>

#include <charconv>
#include <chrono>
#include <filesystem>

#include "app/server.h"
#include "base/files.h"
#include "net/http_server.h"
#include "roles/remote_completer.h"

namespace ingle::app {
namespace {

/// What systemd grants before it kills.
std::chrono::seconds time_to_stop(const std::filesystem::path& unit) {
  constexpr std::string_view kKey = "\nTimeoutStopSec=";
  const std::string text = base::read_file(unit, 1 << 20).value_or("");
  const size_t at = text.find(kKey);
  int seconds = 0;
  if (at != std::string::npos) {
    const char* first = text.data() + at + kKey.size();
    std::from_chars(first, text.data() + text.size(), seconds);
  }
  return std::chrono::seconds(seconds);
}

TEST(ServerEnd, the_packaged_services_grant_it_more_than_it_takes) {
  constexpr int kModels = 3;  // loaded at a time, unless somebody wants more; each writes down its last pages
  constexpr int kCuts = 3;    // of HTTP's answers and of attachments, and of those whose process was killed
  const auto longest = Server::kDrain + kCuts * net::HttpServer::kLastAnswers + kModels * roles::EngineLink::kLastWords;
  const auto packaging = std::filesystem::path(INGLE_TEST_DATA).parent_path() / "packaging";
  for (const char* unit : {"ingle.service", "ingle-user.service"})
    EXPECT_GT(time_to_stop(packaging / unit), longest) << unit;
}

}  // namespace
}  // namespace ingle::app
