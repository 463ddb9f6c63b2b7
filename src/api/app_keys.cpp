#include "api/app_keys.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <charconv>
#include <system_error>

#include "base/check.h"
#include "base/files.h"

namespace ingle::api {
namespace {

constexpr size_t kKeyBytes = 32;
constexpr int64_t kLinkSeconds = 60;

std::string hex(const unsigned char* bytes, size_t size) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(size * 2);
  for (size_t i = 0; i < size; ++i) {
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

/// Takes the same time wherever the texts differ.
bool same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool has_form_of_key(std::string_view text) {
  return text.size() == kKeyBytes * 2 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string request_kind(std::string_view instance, std::string_view method, std::string_view target) {
  return "request " + std::string(instance) + " " + std::string(method) + " " + std::string(target);
}

}  // namespace

std::string random_hex(size_t n_bytes) {
  unsigned char bytes[64];
  INGLE_CHECK(n_bytes <= sizeof bytes);
  INGLE_CHECK(RAND_bytes(bytes, static_cast<int>(n_bytes)) == 1);
  return hex(bytes, n_bytes);
}

Result<AppKeys> AppKeys::open(const std::filesystem::path& home) {
  const auto path = key_file(home);
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error)
    return std::unexpected(Error::io("making the folder '" + path.parent_path().string() + "'", error.value()));
  std::filesystem::permissions(path.parent_path(), std::filesystem::perms::owner_all, error);
  if (std::filesystem::exists(path, error)) {
    INGLE_TRY(std::string key, base::read_file(path, 1024));
    while (!key.empty() && key.back() == '\n')
      key.pop_back();
    if (!has_form_of_key(key))
      return std::unexpected(Error::corrupt("'" + path.string() + "' is not a key of Inglenook")
                                 .hint("delete the file: a new one is made, and browsers need a new 'ingle app'"));
    return AppKeys(std::move(key));
  }
  std::string key = random_hex(kKeyBytes);
  INGLE_TRY_VOID(base::write_file_atomic(path, key + "\n", 0600));
  return AppKeys(std::move(key));
}

std::string AppKeys::signature(std::string_view text) const {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  INGLE_CHECK(HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
                   reinterpret_cast<const unsigned char*>(text.data()), text.size(), bytes, &size) != nullptr);
  return hex(bytes, size);
}

std::string AppKeys::signed_text(std::string_view kind, int64_t end_unix) const {
  const std::string body = std::to_string(end_unix) + "." + random_hex(16);
  return body + "." + signature(std::string(kind) + " " + body);
}

std::optional<int64_t> AppKeys::end_of(std::string_view kind, std::string_view text) const {
  const size_t dot = text.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string_view body = text.substr(0, dot);
  if (!same(text.substr(dot + 1), signature(std::string(kind) + " " + std::string(body)))) return std::nullopt;
  int64_t end = 0;
  std::from_chars(body.data(), body.data() + body.size(), end);
  return end;
}

std::string AppKeys::make_link_word(int64_t now_unix) const {
  return signed_text("link " + instance_, now_unix + kLinkSeconds);
}

std::optional<std::string> AppKeys::redeem(std::string_view link_word, int64_t now_unix) {
  const auto end = end_of("link " + instance_, link_word);
  if (!end || !use_once(link_word, *end, now_unix)) return std::nullopt;
  return signed_text("cookie", now_unix + kCookieSeconds);
}

bool AppKeys::use_once(std::string_view word, int64_t end_unix, int64_t now_unix) {
  if (end_unix < now_unix || end_unix > now_unix + kLinkSeconds) return false;
  const std::lock_guard lock(used_mutex_);
  std::erase_if(used_, [&](const auto& used) { return used.second < now_unix; });
  return used_.emplace(word, end_unix).second;
}

std::string AppKeys::make_request_word(std::string_view method, std::string_view target, int64_t now_unix) const {
  return signed_text(request_kind(instance_, method, target), now_unix + kLinkSeconds);
}

bool AppKeys::redeem_request(std::string_view word, std::string_view method, std::string_view target,
                             int64_t now_unix) {
  const auto end = end_of(request_kind(instance_, method, target), word);
  return end && use_once(word, *end, now_unix);
}

bool AppKeys::is_key(std::string_view text) const {
  return same(text, key_);
}

bool AppKeys::is_cookie(std::string_view cookie, int64_t now_unix) const {
  const auto end = end_of("cookie", cookie);
  return end && *end >= now_unix;
}

bool AppKeys::is_owner(std::string_view cookies, std::string_view authorization, std::string_view cookie_name,
                       int64_t now_unix) const {
  if (authorization.starts_with("Bearer ") && is_key(authorization.substr(7))) return true;
  while (!cookies.empty()) {
    const size_t end = std::min(cookies.find(';'), cookies.size());
    std::string_view cookie = cookies.substr(0, end);
    cookies.remove_prefix(std::min(end + 1, cookies.size()));
    while (cookie.starts_with(' '))
      cookie.remove_prefix(1);
    if (!cookie.starts_with(cookie_name) || !cookie.substr(cookie_name.size()).starts_with('=')) continue;
    if (is_cookie(cookie.substr(cookie_name.size() + 1), now_unix)) return true;
  }
  return false;
}

}  // namespace ingle::api
