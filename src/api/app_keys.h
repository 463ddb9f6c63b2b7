// AppKeys: who the owner of this installation is. INGLE_HOME/keys/app (0600) holds a random key; whoever can read it, is.
//
// The key itself opens everything (Authorization: Bearer KEY, for programs of the owner). For a browser it is turned into a
// word that works once, and that into a cookie that no script can read. Word and cookie carry their end and an HMAC under the
// key, so whoever can read the key makes a word without asking the server: the key is never sent to whoever answers at an
// address. A cookie survives restarts, and deleting the key file ends all of them; a word is for one run of the server, and
// of no use to another that comes to know it. Any thread.
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
  AppKeys(AppKeys&& other) noexcept : key_(std::move(other.key_)), instance_(std::move(other.instance_)) {}

  static std::filesystem::path key_file(const std::filesystem::path& home) { return home / "keys" / "app"; }

  const std::string& key() const { return key_; }

  /// Which run of the server words are for; before the first word.
  void set_instance(std::string instance) { instance_ = std::move(instance); }
  /// A word that redeem() takes once, within a minute.
  std::string make_link_word(int64_t now_unix) const;
  /// A word for one request to this run of the server, within a minute: `Authorization: Ingle WORD`. For commands of the
  /// owner, who do not send the key to whoever answers at an address.
  std::string make_request_word(std::string_view method, std::string_view target, int64_t now_unix) const;
  /// Whether it is one for this request, and was not used before.
  bool redeem_request(std::string_view word, std::string_view method, std::string_view target, int64_t now_unix);
  /// The value of a new cookie.
  std::optional<std::string> redeem(std::string_view link_word, int64_t now_unix);

  /// Takes the same time wherever the texts differ.
  bool is_key(std::string_view text) const;
  /// `cookies`, `authorization`: the headers' values. `cookie_name`: one a port, because browsers tell ports not apart.
  bool is_owner(std::string_view cookies, std::string_view authorization, std::string_view cookie_name,
                int64_t now_unix) const;

  static constexpr int64_t kCookieSeconds = int64_t{30} * 24 * 3600;

 private:
  std::string signature(std::string_view text) const;
  std::string signed_text(std::string_view kind, int64_t end_unix) const;
  /// The end, where the text was made by signed_text().
  std::optional<int64_t> end_of(std::string_view kind, std::string_view text) const;
  bool use_once(std::string_view word, int64_t end_unix, int64_t now_unix);
  bool is_cookie(std::string_view cookie, int64_t now_unix) const;

  std::string key_;
  std::string instance_;
  std::mutex used_mutex_;
  std::map<std::string, int64_t, std::less<>> used_;  // words that were redeemed -> their end
};

}  // namespace ingle::api
