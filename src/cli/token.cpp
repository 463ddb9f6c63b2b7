#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "api/tokens.h"
#include "cli/help.h"
#include "cli/json_writer.h"
#include "cli/table.h"
#include "cli/verb.h"

namespace ingle::cli {
namespace {

constexpr int64_t kDay = 24 * 3600;

int64_t now_unix() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// "30d", "12h", "45m", "2w", "1y", as seconds.
Result<int64_t> parse_lifetime(std::string_view text) {
  struct Unit {
    char name;
    int64_t seconds;
  };
  static constexpr Unit kUnits[] = {{'m', 60}, {'h', 3600}, {'d', kDay}, {'w', 7 * kDay}, {'y', 365 * kDay}};
  int64_t count = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (code == std::errc() && count > 0 && count <= 100'000 && end + 1 == text.data() + text.size())
    for (const Unit& unit : kUnits)
      if (unit.name == *end) return count * unit.seconds;
  return std::unexpected(Error::usage("--expires: '" + std::string(text) + "' is no length of time")
                             .hint("a number and a unit: 45m, 12h, 30d, 2w, 1y"));
}

std::string date(int64_t unix_seconds) {
  const std::chrono::sys_seconds time{std::chrono::seconds(unix_seconds)};
  const std::chrono::year_month_day day{std::chrono::floor<std::chrono::days>(time)};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                     static_cast<unsigned>(day.day()));
}

void add_members(JsonWriter& json, const api::Token& token, int64_t now) {
  json.member("id", token.id).member("name", token.name).key("scopes").begin_array();
  for (const api::Grant grant : {api::Grant::kChat, api::Grant::kManage, api::Grant::kAdmin})
    if ((token.grants & static_cast<api::Grants>(grant)) != 0)
      json.string(api::grants_text(static_cast<api::Grants>(grant)));
  json.end_array().member("created_unix", token.created_unix).key("expires_unix");
  if (token.expires_unix == 0) {
    json.null();
  } else {
    json.number(token.expires_unix);
  }
  json.member("expired", token.expired(now));
}

class TokenVerb : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.positional(action_, "create|list|revoke", "what to do; without it, list", false);
    arguments.positionals(names_, "TOKEN", "names or ids of the tokens to revoke");
    arguments.value(name_, "--name", "NAME", "what the new token is called in lists");
    arguments
        .option("--scope", "SCOPE",
                "what the new token is for: chat, manage, admin; several with commas (default: chat)",
                [this](const std::string& word) { return add_scope(word); })
        .repeatable = true;
    arguments.value(expires_, "--expires", "TIME", "how long the new token lasts: 12h, 30d, 1y (default: for ever)");
    arguments.flag(json_, "--json", "print a JSON object a line");
  }

  Result<int> run(Context& context) override {
    constexpr std::string_view kActions[] = {"create", "list", "revoke"};
    if (!action_.empty() && std::ranges::find(kActions, action_) == std::end(kActions))
      return std::unexpected(unknown_action("token", action_, kActions));
    api::Tokens tokens(context.app->settings().home);
    if (action_ != "create" && (name_ || grants_ != 0 || expires_))
      return std::unexpected(Error::usage("--name, --scope and --expires are for 'ingle token create'"));
    if (action_ != "revoke" && !names_.empty())
      return std::unexpected(
          Error::usage("'" + names_.front() + "' is one word too many: only 'ingle token revoke' takes names")
              .hint(name_ ? "a name of several words is quoted" : "a new token gets its name with --name"));
    if (action_ == "create") return create(context, tokens);
    if (action_ == "revoke") return revoke(context, tokens);
    return list(context, tokens);
  }

 private:
  Status add_scope(std::string_view words) {
    while (!words.empty()) {
      const size_t end = std::min(words.find(','), words.size());
      const auto grant = api::parse_grant(words.substr(0, end));
      if (!grant)
        return std::unexpected(
            Error::usage("--scope: '" + std::string(words.substr(0, end)) + "' is none of chat, manage, admin"));
      grants_ |= static_cast<api::Grants>(*grant);
      words.remove_prefix(std::min(end + 1, words.size()));
    }
    return {};
  }

  Result<int> create(Context& context, api::Tokens& tokens) const {
    const int64_t now = now_unix();
    int64_t expires = 0;
    if (expires_) {
      INGLE_TRY(const int64_t lifetime, parse_lifetime(*expires_));
      expires = now + lifetime;
    }
    const bool is_first = !tokens.current()->exists;
    const api::Grants grants = grants_ == 0 ? static_cast<api::Grants>(api::Grant::kChat) : grants_;
    INGLE_TRY(const auto made, tokens.create(name_.value_or(""), grants, expires, now));
    if (json_) {
      JsonWriter json;
      json.begin_object().member("token", made.secret);
      add_members(json, made.token, now);
      json.end_object();
      context.console.out(json.take_line());
    } else {
      context.console.out(made.secret + "\n");
      context.console.talk(fmt::format("{}, for '{}': it is shown this once. Clients call it the API key.\n",
                                       made.token.id, api::grants_text(made.token.grants)));
    }
    if (is_first)
      context.console.talk(
          "This is the first token: from now on programs of this machine need one too ('ingle' itself and the app do not).\n");
    return 0;
  }

  Result<int> list(Context& context, api::Tokens& tokens) const {
    const auto list = tokens.current();
    if (list->problem) return std::unexpected(*list->problem);
    const int64_t now = now_unix();
    std::vector<TableRow> rows = {{"ID", "NAME", "SCOPES", "CREATED", "EXPIRES"}};
    for (const api::Token& token : list->tokens) {
      if (json_) {
        JsonWriter json;
        json.begin_object();
        add_members(json, token, now);
        json.end_object();
        context.console.out(json.take_line());
        continue;
      }
      const std::string end = token.expires_unix == 0 ? "never" : date(token.expires_unix);
      rows.push_back({token.id, token.name, api::grants_text(token.grants), date(token.created_unix),
                      token.expired(now) ? "expired" : end});
    }
    if (!json_ && rows.size() > 1) context.console.out(table_text(rows));
    if (!json_ && rows.size() == 1)
      context.console.talk(list->exists ? "no token is left: programs cannot use the server\n"
                                        : "there is no token: programs of this machine need none\n");
    return 0;
  }

  Result<int> revoke(Context& context, api::Tokens& tokens) const {
    if (names_.empty()) return std::unexpected(Error::usage("which token?").hint("'ingle token list' shows all"));
    INGLE_TRY(const auto revoked, tokens.revoke(names_));
    const int64_t now = now_unix();
    for (const api::Token& token : revoked) {
      if (json_) {
        JsonWriter json;
        json.begin_object();
        add_members(json, token, now);
        json.member("revoked", true).end_object();
        context.console.out(json.take_line());
      } else {
        context.console.talk(fmt::format("revoked {}{}{}\n", token.id, token.name.empty() ? "" : " ", token.name));
      }
    }
    if (tokens.current()->tokens.empty() && !json_)
      context.console.talk(
          "No token is left, and programs still need one. To let those of this machine in without: rm " +
          tokens.path().string() + "\n");
    return 0;
  }

  std::string action_;
  std::vector<std::string> names_;
  std::optional<std::string> name_;
  std::optional<std::string> expires_;
  api::Grants grants_ = 0;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_token() {
  return std::make_unique<TokenVerb>();
}

}  // namespace ingle::cli
