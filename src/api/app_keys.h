// AppKeys: who the owner of this installation is. INGLE_HOME/keys/app (0600) holds a random key; whoever can read it, is.
//
// The key itself opens everything (Authorization: Bearer KEY, for programs of the owner). For a browser it is turned into a
// link that works once, and the link into a cookie that no script can read. A cookie carries its end and an HMAC under the
// key, so it survives restarts, and deleting the key file ends all of them. Any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ingle::api {

/// Random bytes as lower-case hexadecimal.
std::string random_hex(size_t n_bytes);

class AppKeys {
 public:
  /// Reads the key, or makes one.
  static Result<AppKeys> open(const std::filesystem::path& home);
  explicit AppKeys(std::string key) : key_(std::move(key)) {}
  AppKeys(AppKeys&& other) noexcept : key_(std::move(other.key_)) {}

  static std::filesystem::path key_file(const std::filesystem::path& home) { return home / "keys" / "app"; }

  const std::string& key() const { return key_; }

  /// A word that redeem() takes once, within a minute.
  std::string make_link_word(int64_t now_unix);
  /// The value of a new cookie.
  std::optional<std::string> redeem(std::string_view link_word, int64_t now_unix);

  /// `cookies`, `authorization`: the headers' values. `cookie_name`: one a port, because browsers tell ports not apart.
  bool is_owner(std::string_view cookies, std::string_view authorization, std::string_view cookie_name,
                int64_t now_unix) const;

  static constexpr int64_t kCookieSeconds = int64_t{30} * 24 * 3600;

 private:
  std::string signature(std::string_view text) const;
  std::string make_cookie(int64_t now_unix) const;
  bool is_cookie(std::string_view cookie, int64_t now_unix) const;

  std::string key_;
  std::mutex links_mutex_;
  std::map<std::string, int64_t, std::less<>> links_;  // word -> end
};

}  // namespace ingle::api
