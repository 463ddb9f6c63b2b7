#include "api/tokens.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <system_error>

#include "api/app_keys.h"
#include "base/check.h"
#include "base/files.h"
#include "base/sha256.h"
#include "base/utf8.h"

namespace ingle::api {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kPrefix = "ingle_";
constexpr std::string_view kDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr size_t kRandomDigits = 32;
constexpr size_t kChecksumDigits = 6;
constexpr size_t kMaxTokens = 1000;
constexpr size_t kMaxNameBytes = 64;
constexpr uint64_t kMaxFileBytes = 1 << 20;

struct GrantRow {
  Grant grant;
  std::string_view name;
};
constexpr GrantRow kGrants[] = {{Grant::kChat, "chat"}, {Grant::kManage, "manage"}, {Grant::kAdmin, "admin"}};

std::string random_digits(size_t n) {
  std::string text;
  while (text.size() < n) {
    unsigned char byte = 0;
    INGLE_CHECK(RAND_bytes(&byte, 1) == 1);
    // 248 is the last multiple of 62: every digit is equally likely.
    if (byte < 248) text += kDigits[byte % 62];
  }
  return text;
}

/// CRC-32 (IEEE 802.3) in base 62.
std::string checksum(std::string_view text) {
  uint32_t crc = 0xffffffff;
  for (const char c : text) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320 : 0);
  }
  crc = ~crc;
  std::string digits(kChecksumDigits, '0');
  for (size_t i = kChecksumDigits; i-- > 0; crc /= 62)
    digits[i] = kDigits[crc % 62];
  return digits;
}

std::string hash(std::string_view secret) {
  return base::sha256_hex(std::as_bytes(std::span(secret)));
}

Token token_of(const Json& json) {
  Token token{.id = json.at("id").get<std::string>(),
              .name = json.at("name").get<std::string>(),
              .created_unix = json.at("created").get<int64_t>(),
              .expires_unix = json.at("expires").get<int64_t>(),
              .sha256 = json.at("sha256").get<std::string>()};
  for (const Json& name : json.at("scopes"))
    if (const auto grant = parse_grant(name.get<std::string>())) token.grants |= static_cast<Grants>(*grant);
  return token;
}

Json json_of(const Token& token) {
  Json scopes = Json::array();
  for (const GrantRow& row : kGrants)
    if ((token.grants & static_cast<Grants>(row.grant)) != 0) scopes.push_back(row.name);
  return {{"id", token.id},
          {"name", token.name},
          {"scopes", std::move(scopes)},
          {"created", token.created_unix},
          {"expires", token.expires_unix},
          {"sha256", token.sha256}};
}

/// Two commands at once change the list one after the other.
Result<base::FileDescriptor> take_turn(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error)
    return std::unexpected(Error::io("making the folder '" + path.parent_path().string() + "'", error.value()));
  std::filesystem::permissions(path.parent_path(), std::filesystem::perms::owner_all, error);
  const std::string lock = path.string() + ".lock";
  base::FileDescriptor fd(::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return std::unexpected(Error::io("opening '" + lock + "'", errno));
  if (::flock(fd.get(), LOCK_EX) != 0) return std::unexpected(Error::io("locking '" + lock + "'", errno));
  return fd;
}

bool is_name(std::string_view name) {
  return name.size() <= kMaxNameBytes && base::is_valid_utf8(name) &&
         std::ranges::none_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace

std::optional<Grant> parse_grant(std::string_view name) {
  const auto* row = std::ranges::find(kGrants, name, &GrantRow::name);
  return row == std::end(kGrants) ? std::nullopt : std::optional(row->grant);
}

std::string grants_text(Grants grants) {
  std::string text;
  for (const GrantRow& row : kGrants)
    if ((grants & static_cast<Grants>(row.grant)) != 0) text += (text.empty() ? "" : " ") + std::string(row.name);
  return text;
}

bool is_token_form(std::string_view text) {
  if (!text.starts_with(kPrefix) || text.size() != kPrefix.size() + kRandomDigits + kChecksumDigits) return false;
  const size_t n = text.size() - kChecksumDigits;
  return checksum(text.substr(0, n)) == text.substr(n);
}

const Token* TokenList::find(std::string_view secret) const {
  const std::string wanted = hash(secret);
  const Token* found = nullptr;
  for (const Token& token : tokens)
    if (token.sha256.size() == wanted.size() && CRYPTO_memcmp(token.sha256.data(), wanted.data(), wanted.size()) == 0)
      found = &token;
  return found;
}

const Token* TokenList::by_id(std::string_view id) const {
  const auto found = std::ranges::find(tokens, id, &Token::id);
  return found == tokens.end() ? nullptr : &*found;
}

Tokens::Tokens(const std::filesystem::path& home) : path_(home / "keys" / "tokens") {}

Tokens::Stamp Tokens::stamp() const {
  struct stat file{};
  if (::stat(path_.c_str(), &file) != 0) return {.error = errno == ENOENT ? 0 : errno};
  return {.exists = true,
          .inode = file.st_ino,
          .size = file.st_size,
          .changed_ns = int64_t{file.st_ctim.tv_sec} * 1'000'000'000 + file.st_ctim.tv_nsec};
}

TokenList Tokens::read() const {
  TokenList list{.exists = true, .problem = {}, .tokens = {}};
  const auto broken = [&] {
    return Error::corrupt("'" + path_.string() + "' is not a list of tokens")
        .hint("move the file away and make the tokens anew with 'ingle token create'");
  };
  // A pipe in its place would be waited for.
  if (std::error_code error; std::filesystem::exists(path_, error) && !std::filesystem::is_regular_file(path_, error)) {
    list.problem = broken();
    return list;
  }
  auto text = base::read_file(path_, kMaxFileBytes);
  if (!text) {
    list.problem = text.error();
    return list;
  }
  try {
    const Json json = Json::parse(*text);
    for (const Json& row : json.at("tokens"))
      list.tokens.push_back(token_of(row));
  } catch (const Json::exception&) {
    list.tokens.clear();
    list.problem = broken();
  }
  return list;
}

std::shared_ptr<const TokenList> Tokens::current() {
  const std::lock_guard lock(list_mutex_);
  const Stamp now = stamp();
  if (list_ && stamp_ == now) return list_;
  // A file that cannot be looked at counts as one that is there: what was closed does not open by accident.
  list_ = std::make_shared<TokenList>(now.exists || now.error != 0 ? read() : TokenList{});
  stamp_ = now;
  return list_;
}

Status Tokens::write(std::span<const Token> tokens) const {
  Json rows = Json::array();
  for (const Token& token : tokens)
    rows.push_back(json_of(token));
  return base::write_file_atomic(path_, Json{{"tokens", std::move(rows)}}.dump(1) + "\n", 0600);
}

Result<Tokens::Made> Tokens::create(std::string name, Grants grants, int64_t expires_unix, int64_t now_unix) {
  if (!is_name(name))
    return std::unexpected(
        Error::usage("a token's name has at most " + std::to_string(kMaxNameBytes) + " bytes of text on one line"));
  INGLE_TRY(const auto turn, take_turn(path_));
  const auto list = current();
  if (list->problem) return std::unexpected(*list->problem);
  std::vector<Token> tokens = list->tokens;
  if (tokens.size() >= kMaxTokens)
    return std::unexpected(Error::refused("there are " + std::to_string(kMaxTokens) + " tokens, which is the limit")
                               .hint("'ingle token revoke' removes those that nobody uses"));
  if (!name.empty() && std::ranges::find(tokens, name, &Token::name) != tokens.end())
    return std::unexpected(
        Error::refused("there is a token named '" + name + "'").hint("revoke it first, or choose another name"));
  std::string secret = std::string(kPrefix) + random_digits(kRandomDigits);
  secret += checksum(secret);
  Token token{.id = "t-" + random_hex(4),
              .name = std::move(name),
              .grants = grants,
              .created_unix = now_unix,
              .expires_unix = expires_unix,
              .sha256 = hash(secret)};
  tokens.push_back(token);
  INGLE_TRY_VOID(write(tokens));
  return Made{.secret = std::move(secret), .token = std::move(token)};
}

Result<std::vector<Token>> Tokens::revoke(std::span<const std::string> names) {
  INGLE_TRY(const auto turn, take_turn(path_));
  const auto list = current();
  if (list->problem) return std::unexpected(*list->problem);
  std::vector<Token> kept = list->tokens;
  std::vector<Token> revoked;
  for (const std::string& name : names) {
    const auto found =
        std::ranges::find_if(kept, [&](const Token& token) { return token.id == name || token.name == name; });
    if (name.empty() || found == kept.end())
      return std::unexpected(Error::not_found("there is no token '" + name + "'").hint("'ingle token list' shows all"));
    revoked.push_back(*found);
    kept.erase(found);
  }
  INGLE_TRY_VOID(write(kept));
  return revoked;
}

}  // namespace ingle::api
