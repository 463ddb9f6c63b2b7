#include "api/access.h"

#include <openssl/evp.h>

#include <algorithm>
#include <vector>

#include "api/own/routes.h"
#include "net/url.h"

namespace ingle::api {
namespace {

constexpr size_t kMaxKeyBytes = 512;

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t'))
    text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t'))
    text.remove_suffix(1);
  return text;
}

/// "Bearer abc" -> "abc" for the scheme "bearer"; nothing for another scheme.
std::optional<std::string_view> of_scheme(std::string_view value, std::string_view scheme) {
  value = trimmed(value);
  const size_t end = std::min(value.find(' '), value.size());
  if (net::lower_ascii(value.substr(0, end)) != scheme) return std::nullopt;
  return trimmed(value.substr(end));
}

/// The password, or the name where that is all: "user:KEY", "KEY:", "KEY".
std::string key_of_basic(std::string_view base64) {
  if (base64.empty() || base64.size() % 4 != 0 || base64.size() > 2 * kMaxKeyBytes) return {};
  std::string text(base64.size() / 4 * 3, '\0');
  const int n = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                reinterpret_cast<const unsigned char*>(base64.data()), static_cast<int>(base64.size()));
  if (n < 0) return {};
  const size_t padding = base64.ends_with("==") ? 2 : base64.ends_with('=') ? 1 : 0;
  text.resize(static_cast<size_t>(n) - padding);
  const size_t colon = text.find(':');
  if (colon == std::string::npos) return text;
  return colon + 1 < text.size() ? text.substr(colon + 1) : text.substr(0, colon);
}

struct Sent {
  std::vector<std::string> keys;  // each once
  std::string request_word;
};

Sent sent_with(const net::ServerRequest& head) {
  Sent sent;
  const auto add = [&](std::string_view key) {
    key = trimmed(key);
    if (!key.empty() && std::ranges::find(sent.keys, key) == sent.keys.end()) sent.keys.emplace_back(key);
  };
  for (const net::HttpHeader& header : head.headers) {
    if (header.name == "x-api-key" || header.name == "api-key") {
      add(header.value);
    } else if (header.name == "authorization") {
      if (const auto key = of_scheme(header.value, "bearer")) add(*key);
      if (const auto key = of_scheme(header.value, "basic")) add(key_of_basic(*key));
      if (const auto word = of_scheme(header.value, "ingle")) sent.request_word = *word;
    }
  }
  return sent;
}

Failure unauthorized(std::string message, std::string hint) {
  return {.status = 401,
          .code = "invalid_api_key",
          .reason = message,
          .error = Error::refused(std::move(message)).hint(std::move(hint))};
}

Failure owner_only() {
  std::string message = "only the owner of this installation may see this";
  return {.status = 401,
          .code = "no_session",
          .reason = message,
          .error = Error::refused(std::move(message)).hint("run 'ingle app', which opens the app with a link for you")};
}

/// One of them.
Grants needed_for(Scope scope) {
  static constexpr auto kOf = [](auto... grants) { return static_cast<Grants>((static_cast<Grants>(grants) | ...)); };
  switch (scope) {
    case Scope::kOwner:
      return kOf(Grant::kAdmin);
    case Scope::kManage:
      return kOf(Grant::kManage);
    case Scope::kInference:
      return kOf(Grant::kChat);
    case Scope::kPublic:
    case Scope::kLists:
      break;
  }
  return kOf(Grant::kChat, Grant::kManage);
}

/// "chat,manage", as the command line takes it.
std::string scope_words(Grants grants) {
  std::string words = grants_text(grants);
  std::ranges::replace(words, ' ', ',');
  return words;
}

}  // namespace

Verdict Access::check(const net::ServerRequest& head, const Route* route, int64_t now_unix) {
  if (route != nullptr && route->scope == Scope::kPublic) return {};
  const bool is_owners = route != nullptr && route->scope == Scope::kOwner;
  const auto list = options_.tokens == nullptr ? std::make_shared<TokenList>() : options_.tokens->current();
  if (!is_owners && !list->exists && !options_.always_token) return {};

  const Sent sent = sent_with(head);
  if (!sent.request_word.empty() && keys_.redeem_request(sent.request_word, head.method, head.target, now_unix))
    return {};
  if (sent.keys.size() > 1)
    return {.failure = unauthorized("this request brings two different keys", "send one, in one header")};
  if (!sent.keys.empty()) {
    Verdict verdict = check_key(sent.keys.front(), route, *list, now_unix);
    // Where no token exists a key of the owner is all that can be meant.
    if (verdict.failure && is_owners && !list->exists) verdict.failure = owner_only();
    return verdict;
  }
  if (keys_.is_owner(head.header("cookie"), "", own::cookie_name(head), now_unix)) return {};
  if (is_owners) return {.failure = owner_only()};
  return {.failure = unauthorized("this server needs a token, and the request brings none",
                                  "'ingle token create' makes one; send it as 'Authorization: Bearer TOKEN', which is "
                                  "what clients call the API key")};
}

Verdict Access::check_key(std::string_view key, const Route* route, const TokenList& list, int64_t now_unix) const {
  if (keys_.is_key(key)) return {};
  const Token* token = key.size() > kMaxKeyBytes ? nullptr : list.find(key);
  if (token == nullptr) {
    if (list.problem)
      return {.failure = unauthorized("the list of tokens on this machine cannot be read, so no token counts",
                                      "'ingle token list' says why")};
    const bool is_mistyped = key.starts_with("ingle_") && !is_token_form(key);
    return {.failure =
                unauthorized(is_mistyped ? "this token was mistyped or cut: its last characters do not fit the rest"
                                         : "this key is no token of this server, or was revoked",
                             "'ingle token create' makes one")};
  }
  if (token->expired(now_unix))
    return {.failure = unauthorized("this token has expired", "'ingle token create' makes a new one")};
  if (const Grants needed = route == nullptr ? Grants{} : needed_for(route->scope);
      route != nullptr && !token->has_one_of(needed)) {
    std::string message =
        "this token is for '" + grants_text(token->grants) + "', and this needs '" + grants_text(needed) + "'";
    return {.failure = Failure{.status = 403,
                               .code = "insufficient_scope",
                               .reason = message,
                               .error = Error::refused(std::move(message))
                                            .hint("'ingle token create --scope " +
                                                  scope_words(static_cast<Grants>(token->grants | needed)) +
                                                  "' makes one that may do both")}};
  }
  return {.failure = {}, .client = token->id};
}

Access::Standing Access::standing(int64_t now_unix) const {
  Standing standing;
  if (options_.tokens != nullptr) standing.list_ = options_.tokens->current();
  standing.now_unix_ = now_unix;
  return standing;
}

bool Access::Standing::allows(std::string_view client, Scope scope) const {
  if (client.empty() || list_ == nullptr) return true;
  const Token* token = list_->by_id(client);
  return token != nullptr && !token->expired(now_unix_) && token->has_one_of(needed_for(scope));
}

bool Access::tokens_needed() {
  return options_.always_token || (options_.tokens != nullptr && options_.tokens->current()->exists);
}

}  // namespace ingle::api
