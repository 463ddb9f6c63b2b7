// Keys and tokens that carry their issuer's mark: a fixed beginning, an alphabet and a length, as the issuers document them.
#include <algorithm>

#include "router/detectors/detector.h"
#include "router/detectors/scan.h"

namespace ingle::router {
namespace {

constexpr bool is_base64url(char c) {
  return is_alnum(c) || c == '-' || c == '_';
}
constexpr bool is_upper_or_digit(char c) {
  return is_upper(c) || is_digit(c);
}
constexpr bool is_word(char c) {
  return is_alnum(c) || c == '_';
}
constexpr bool is_base64(char c) {
  return is_alnum(c) || c == '+' || c == '/' || c == '=';
}
constexpr bool is_webhook(char c) {
  return is_alnum(c) || c == '/';
}
constexpr bool is_dotted(char c) {
  return is_base64url(c) || c == '.';
}

struct Token {
  std::string_view mark;
  bool (*in_alphabet)(char c);
  size_t min_length;  // after the mark
};

constexpr Token kTokens[] = {
    {"AKIA", is_upper_or_digit, 16},  // AWS access keys
    {"ASIA", is_upper_or_digit, 16},
    {"ABIA", is_upper_or_digit, 16},
    {"ACCA", is_upper_or_digit, 16},
    {"AIza", is_base64url, 35},  // Google
    {"ya29.", is_base64url, 20},
    {"GOCSPX-", is_base64url, 20},
    {"ghp_", is_alnum, 30},  // GitHub
    {"gho_", is_alnum, 30},
    {"ghu_", is_alnum, 30},
    {"ghs_", is_alnum, 30},
    {"ghr_", is_alnum, 30},
    {"github_pat_", is_word, 22},
    {"glpat-", is_dotted, 20},  // GitLab
    {"gldt-", is_base64url, 20},
    {"glrt-", is_base64url, 20},
    {"glptt-", is_base64url, 20},
    {"glcbt-", is_base64url, 20},
    {"xoxb-", is_base64url, 10},  // Slack
    {"xoxp-", is_base64url, 10},
    {"xoxa-", is_base64url, 10},
    {"xoxr-", is_base64url, 10},
    {"xoxs-", is_base64url, 10},
    {"xoxe-", is_base64url, 10},
    {"xapp-", is_base64url, 10},
    {"hooks.slack.com/services/", is_webhook, 20},
    {"sk_live_", is_word, 16},  // Stripe
    {"sk_test_", is_word, 16},
    {"rk_live_", is_word, 16},
    {"rk_test_", is_word, 16},
    {"whsec_", is_base64, 16},
    {"sk-", is_base64url, 20},  // OpenAI, Anthropic, OpenRouter and others that follow them
    {"gsk_", is_alnum, 30},
    {"xai-", is_alnum, 30},
    {"hf_", is_alnum, 30},           // Hugging Face
    {"npm_", is_alnum, 36},          // npm
    {"pypi-AgE", is_base64url, 30},  // PyPI
    {"dckr_pat_", is_base64url, 20},
    {"dop_v1_", is_hex, 40},     // DigitalOcean
    {"shpat_", is_hex, 32},      // Shopify
    {"SG.", is_dotted, 40},      // SendGrid
    {"glsa_", is_word, 32},      // Grafana
    {"hvs.", is_base64url, 24},  // HashiCorp Vault
    {"lin_api_", is_alnum, 30},
    {"AGE-SECRET-KEY-1", is_upper_or_digit, 40},
    {"ingle-", is_base64url, 32},
};

constexpr FirstLetters kFirst(kTokens, &Token::mark);

void scan_marked(std::string_view text, std::vector<Span>& found) {
  constexpr size_t kLongest = 400;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!kFirst.has(text[i]) || is_alnum(before(text, i))) continue;
    for (const Token& token : kTokens) {
      if (!text.substr(i).starts_with(token.mark)) continue;
      size_t end = i + token.mark.size();
      const size_t from = end;
      while (end < text.size() && end - from < kLongest && token.in_alphabet(text[end]))
        ++end;
      // Words joined by dashes are no key; a key of that length has a digit.
      const std::string_view value = text.substr(from, end - from);
      if (value.size() < token.min_length || std::ranges::none_of(value, is_digit)) continue;
      found.push_back({i, end});
      i = end - 1;
      break;
    }
  }
}

/// RFC 7515 and 7516: base64url of `{"`, then at least one part more.
void scan_web_tokens(std::string_view text, std::vector<Span>& found) {
  constexpr size_t kShortestPart = 8;
  for (size_t at = text.find("eyJ"); at != std::string_view::npos; at = text.find("eyJ", at + 1)) {
    if (is_base64url(before(text, at)) || before(text, at) == '.') continue;
    size_t end = at;
    size_t part = at;
    size_t long_parts = 0;
    for (; end < text.size() && is_dotted(text[end]); ++end) {
      if (text[end] != '.') continue;
      if (end - part >= kShortestPart) ++long_parts;
      part = end + 1;
    }
    if (end - part >= kShortestPart) ++long_parts;
    if (long_parts >= 2) found.push_back({at, end});
    at = end - 1;
  }
}

/// PEM (RFC 7468) and OpenSSH: the header is enough, the key may come in another message.
void scan_private_keys(std::string_view text, std::vector<Span>& found) {
  constexpr std::string_view kWords = "PRIVATE KEY";
  constexpr size_t kReach = 40;
  for (size_t at = text.find("-BEGIN "); at != std::string_view::npos; at = text.find("-BEGIN ", at + 1)) {
    const size_t words = text.substr(at, kReach).find(kWords);
    if (words == std::string_view::npos) continue;
    const size_t end = text.find("-----END", at);
    found.push_back({at, end == std::string_view::npos ? at + words + kWords.size() : end});
    if (end == std::string_view::npos) return;
    at = end;
  }
  if (const size_t putty = text.find("PuTTY-User-Key-File"); putty != std::string_view::npos) {
    found.push_back({putty, putty + 19});
  }
}

void scan(std::string_view text, std::vector<Span>& found) {
  scan_marked(text, found);
  scan_web_tokens(text, found);
  scan_private_keys(text, found);
}

}  // namespace

const Detector kTokenDetector{"secret", "a key or token", scan};

}  // namespace ingle::router
