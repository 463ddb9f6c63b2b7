// Tokens: which programs may ask. INGLE_HOME/keys/tokens (0600) lists them with names, scopes, times and the SHA-256 of each
// secret; the secret itself is shown once, when it is made, and stands nowhere.
//
// A secret is "ingle_", 32 random letters and digits (190 bits) and 6 that are the CRC-32 of the rest in base 62, so that
// scanners of source code find it and know a mistyped one. The file is replaced as a whole, under a lock. A server asks
// current() for every request: it looks at the file's inode, size and time and reads it again when they changed, so what
// the command line does counts at once. From the first token on the file exists, also when all were revoked. Any thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ingle::api {

/// What a token is for; several may be joined.
enum class Grant : uint8_t { kChat = 1, kManage = 2, kAdmin = 4 };
using Grants = uint8_t;
std::optional<Grant> parse_grant(std::string_view name);
/// "chat", "chat manage"
std::string grants_text(Grants grants);

struct Token {
  std::string id;    // "t-" and 8 hexadecimal digits: stands in logs and lists
  std::string name;  // for people; may be empty
  Grants grants = 0;
  int64_t created_unix = 0;
  int64_t expires_unix = 0;  // 0: never
  std::string sha256;        // of the secret, hexadecimal

  /// admin has all of them.
  bool has_one_of(Grants wanted) const { return (grants & (wanted | static_cast<Grants>(Grant::kAdmin))) != 0; }
  bool expired(int64_t now_unix) const { return expires_unix != 0 && expires_unix <= now_unix; }
};

/// The list as it was read; immutable.
struct TokenList {
  bool exists = false;
  std::optional<Error> problem;  // it cannot be read: nobody gets in with a token
  std::vector<Token> tokens;

  /// Whose secret it is. Takes the same time whichever it is, and whether there is one.
  const Token* find(std::string_view secret) const;
  const Token* by_id(std::string_view id) const;
};

class Tokens {
 public:
  explicit Tokens(const std::filesystem::path& home);

  const std::filesystem::path& path() const { return path_; }
  std::shared_ptr<const TokenList> current();

  struct Made {
    std::string secret;
    Token token;
  };
  // For the command line.
  Result<Made> create(std::string name, Grants grants, int64_t expires_unix, int64_t now_unix);
  /// By id or name; all or, where one is not found, none.
  Result<std::vector<Token>> revoke(std::span<const std::string> names);

 private:
  struct Stamp {
    bool exists = false;
    ino_t inode = 0;
    off_t size = 0;
    int64_t changed_ns = 0;
    int error = 0;
    bool operator==(const Stamp&) const = default;
  };
  Stamp stamp() const;
  TokenList read() const;
  Status write(std::span<const Token> tokens) const;

  const std::filesystem::path path_;
  std::mutex list_mutex_;
  std::optional<Stamp> stamp_;
  std::shared_ptr<const TokenList> list_;
};

/// Whether a text has the form of a secret and its last characters fit the rest.
bool is_token_form(std::string_view text);

}  // namespace ingle::api
