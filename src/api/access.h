// Access: who asks, and may they? The one place that decides it, for every route and every way to send a key.
//
// Keys come in `Authorization: Bearer KEY`, `Authorization: Basic` (as the password, or as the name without one),
// `x-api-key: KEY` (Anthropic's clients) and `api-key: KEY` (Azure's); a header that is empty counts as none, and two
// different keys in one request as none that is right. Never in the address, which stands in logs and histories.
// The owner has also the app's cookie, where no key is sent, and for commands of this program
// `Authorization: Ingle WORD` (AppKeys::make_request_word), so that the key itself is sent to nobody.
//
//   Scope       open, until the first token exists   from then on, and where tokens are always needed
//   kPublic     anyone                               anyone
//   kLists      anyone                               chat, manage
//   kInference  anyone                               chat
//   kManage     anyone                               manage
//   kOwner      the owner                            the owner, admin
//   no route    anyone (404)                         any key that is right
//
// Used by the server's threads, several at once.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/app_keys.h"
#include "api/call.h"
#include "api/tokens.h"

namespace ingle::api {

struct AccessOptions {
  Tokens* tokens = nullptr;   // null: there are none
  bool always_token = false;  // also before the first token exists: the server can be reached from other machines
};

struct Verdict {
  std::optional<Failure> failure = {};  // 401 or 403
  std::string client = {};              // the id of the token; empty: the owner, or anybody where that is enough
};

class Access {
 public:
  Access(AppKeys& keys, const AccessOptions& options) : keys_(keys), options_(options) {}

  /// `route`: null where the path is unknown.
  Verdict check(const net::ServerRequest& head, const Route* route, int64_t now_unix);
  /// What the tokens may at this moment: the list is looked at once.
  class Standing {
   public:
    /// Whether a request that `client` was let in with may go on; who is no token always may.
    bool allows(std::string_view client, Scope scope) const;

   private:
    friend class Access;
    std::shared_ptr<const TokenList> list_;
    int64_t now_unix_ = 0;
  };
  Standing standing(int64_t now_unix) const;
  /// Whether programs need a token at present.
  bool tokens_needed();

 private:
  Verdict check_key(std::string_view key, const Route* route, const TokenList& list, int64_t now_unix) const;

  AppKeys& keys_;
  const AccessOptions options_;
};

}  // namespace ingle::api
