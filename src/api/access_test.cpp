#include "api/access.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <sys/stat.h>

#include <algorithm>
#include <map>

#include "api/api.h"
#include "api/own/routes.h"
#include "api/testing/fakes.h"
#include "base/files.h"
#include "base/testing/temp_folder.h"

namespace ingle::api {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kNow = 1'700'000'000;
constexpr auto kChat = static_cast<Grants>(Grant::kChat);
constexpr auto kManage = static_cast<Grants>(Grant::kManage);
constexpr auto kAdmin = static_cast<Grants>(Grant::kAdmin);

std::string base64(std::string_view text) {
  std::string out(4 * ((text.size() + 2) / 3) + 1, '\0');
  const int n = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  out.resize(static_cast<size_t>(n));
  return out;
}

struct Way {
  std::string_view name;
  net::HttpHeader (*header)(const std::string& key);
};
const Way kWays[] = {
    {"Bearer", [](const std::string& key) { return net::HttpHeader{"authorization", "Bearer " + key}; }},
    {"bearer", [](const std::string& key) { return net::HttpHeader{"authorization", "bearer  " + key + " "}; }},
    {"basic password",
     [](const std::string& key) { return net::HttpHeader{"authorization", "Basic " + base64("me:" + key)}; }},
    {"basic name",
     [](const std::string& key) { return net::HttpHeader{"authorization", "Basic " + base64(key + ":")}; }},
    {"x-api-key", [](const std::string& key) { return net::HttpHeader{"x-api-key", key}; }},
    {"api-key", [](const std::string& key) { return net::HttpHeader{"api-key", key}; }},
};

class AccessTest : public ::testing::Test {
 protected:
  void SetUp() override {
    services.version = "1";
    services.models = &models;
    services.now_unix = [this] { return now; };
    services.list = [] { return std::vector<ModelInfo>{}; };
    keys.set_instance("run");
  }

  std::string make(Grants grants, std::string name = "", int64_t expires = 0) {
    auto made = tokens.create(std::move(name), grants, expires, kNow);
    EXPECT_TRUE(made.has_value());
    ids[made->secret] = made->token.id;
    return made->secret;
  }

  static net::ServerRequest request(std::string_view method, std::string_view pattern) {
    net::ServerRequest head;
    head.method = method;
    head.path = pattern;
    if (head.path.ends_with('*')) head.path.back() = 'x';
    head.target = head.path;
    head.headers = {{"host", "127.0.0.1:11434"}};
    return head;
  }

  /// 401, 403, or 0 for what gets past the door.
  static int status(Api& api, const net::ServerRequest& head) {
    const auto verdict = api.on_head(head);
    const int status = verdict.refusal ? verdict.refusal->status : 0;
    return status == 401 || status == 403 ? status : 0;
  }

  int64_t now = kNow;
  base::testing::TempFolder folder;
  testing::FakeModels models;
  Services services;
  AppKeys keys{std::string(64, 'a')};
  Tokens tokens{folder.path()};
  std::map<std::string, std::string> ids;
  Api open_until_first{services, keys, {}, {.tokens = &tokens}};
  Api always{services, keys, {}, {.tokens = &tokens, .always_token = true}};
};

/// What each role may, written down once more by hand: 1 chat, 2 manage, 4 owner's, 8 everything that is there.
struct Role {
  std::string_view name;
  std::string key;
  int may;
};

int expected(const Role& role, const Route& route) {
  if (route.scope == Scope::kPublic) return 0;
  const int needed = route.scope == Scope::kLists       ? 3
                     : route.scope == Scope::kInference ? 1
                     : route.scope == Scope::kManage    ? 2
                                                        : 4;
  if ((role.may & needed) != 0) return 0;
  return role.may == 0 ? 401 : 403;
}

TEST_F(AccessTest, every_route_lets_in_whom_its_scope_names_whichever_way_the_key_comes) {
  const std::string revoked = make(kAdmin, "gone");
  const std::string gone[] = {"gone"};
  ASSERT_TRUE(tokens.revoke(gone).has_value());
  const Role roles[] = {
      {"nobody", "", 0},
      {"a wrong key", "sk-not-ours", 0},
      {"a revoked token", revoked, 0},
      {"an expired token", make(kAdmin, "", kNow), 0},
      {"chat", make(kChat), 1},
      {"manage", make(kManage), 2},
      {"chat and manage", make(kChat | kManage), 3},
      {"admin", make(kAdmin), 7},
      {"the owner's key", keys.key(), 7},
  };
  size_t n_checks = 0;
  for (const Route& route : routes()) {
    for (const Role& role : roles) {
      for (const Way& way : kWays) {
        for (Api* api : {&open_until_first, &always}) {
          auto head = request(route.method, route.pattern);
          if (!role.key.empty()) head.headers.push_back(way.header(role.key));
          EXPECT_EQ(status(*api, head), expected(role, route))
              << route.method << " " << route.pattern << " as " << role.name << " by " << way.name;
          const auto verdict = api->on_head(head);
          const bool is_token = ids.contains(role.key) && route.scope != Scope::kPublic;
          if (!verdict.refusal) {
            EXPECT_EQ(verdict.caller, is_token ? ids[role.key] : "") << route.pattern;
          }
          ++n_checks;
        }
      }
    }
  }
  EXPECT_GE(n_checks, routes().size() * 9 * 6 * 2);
}

TEST_F(AccessTest, until_the_first_token_exists_only_what_is_the_owners_is_closed_on_loopback_and_everything_beyond) {
  for (const Route& route : routes()) {
    for (const std::string key : {"", "ollama", "sk-whatever"}) {
      auto head = request(route.method, route.pattern);
      if (!key.empty()) head.headers.push_back({"authorization", "Bearer " + key});
      EXPECT_EQ(status(open_until_first, head), route.scope == Scope::kOwner ? 401 : 0) << route.pattern;
      EXPECT_EQ(status(always, head), route.scope == Scope::kPublic ? 0 : 401) << route.pattern;
    }
  }
  EXPECT_EQ(open_until_first.on_head(request("GET", "/api/nothing")).refusal->status, 404);
  EXPECT_EQ(always.on_head(request("GET", "/api/nothing")).refusal->status, 401);
  EXPECT_EQ(always.on_head(request("PATCH", "/api/chat")).refusal->status, 401);
}

TEST_F(AccessTest, a_revoked_last_token_opens_nothing) {
  make(kChat, "only");
  const std::string only[] = {"only"};
  ASSERT_TRUE(tokens.revoke(only).has_value());
  EXPECT_EQ(status(open_until_first, request("POST", "/api/chat")), 401);
  fs::remove(tokens.path());
  EXPECT_EQ(status(open_until_first, request("POST", "/api/chat")), 0);
}

TEST_F(AccessTest, a_list_that_cannot_be_read_lets_nobody_in_but_the_owner) {
  const std::string secret = make(kAdmin);
  for (const std::string_view text : {"", "{", "[]", R"({"tokens":[{}]})", R"({"tokens":[{"id":5}]})"}) {
    ASSERT_TRUE(base::write_file_atomic(tokens.path(), text, 0600).has_value());
    auto head = request("GET", "/api/tags");
    EXPECT_EQ(status(open_until_first, head), 401) << text;
    head.headers.push_back({"x-api-key", secret});
    EXPECT_EQ(status(open_until_first, head), 401) << text;
    head.headers.back().value = keys.key();
    EXPECT_EQ(status(open_until_first, head), 0) << text;
    EXPECT_EQ(tokens.create("", kChat, 0, kNow).error().code(), ErrorCode::kCorrupt);
  }
  fs::remove(tokens.path());
  fs::create_directory(tokens.path());
  EXPECT_EQ(status(open_until_first, request("GET", "/api/tags")), 401);
  fs::remove(tokens.path());
  ASSERT_EQ(::mkfifo(tokens.path().c_str(), 0600), 0);
  EXPECT_EQ(status(open_until_first, request("GET", "/api/tags")), 401);
}

TEST_F(AccessTest, two_different_keys_in_a_request_are_none) {
  const std::string good = make(kChat);
  const auto with = [&](std::vector<net::HttpHeader> headers) {
    auto head = request("GET", "/api/tags");
    for (net::HttpHeader& header : headers)
      head.headers.push_back(std::move(header));
    return status(open_until_first, head);
  };
  EXPECT_EQ(with({{"authorization", "Bearer " + good}, {"x-api-key", good}}), 0);
  EXPECT_EQ(with({{"authorization", "Bearer " + good}, {"x-api-key", ""}}), 0);
  EXPECT_EQ(with({{"authorization", "Bearer " + good}, {"x-api-key", "other"}}), 401);
  EXPECT_EQ(with({{"authorization", "Bearer other"}, {"authorization", "Bearer " + good}}), 401);
  EXPECT_EQ(with({{"authorization", "Digest " + good}}), 401);
  EXPECT_EQ(with({{"authorization", good}}), 401);
  EXPECT_EQ(with({{"authorization", "Basic !!!!"}}), 401);
  EXPECT_EQ(with({{"authorization", "Bearer " + good + " " + good}}), 401);
  EXPECT_EQ(with({{"cookie", "key=" + good}}), 401);
  auto in_address = request("GET", "/api/tags");
  in_address.query = "key=" + good + "&api_key=" + good;
  EXPECT_EQ(status(open_until_first, in_address), 401);
}

TEST_F(AccessTest, the_apps_cookie_is_the_owners_wherever_tokens_are_needed) {
  make(kChat);
  const auto cookie = keys.redeem(keys.make_link_word(kNow), kNow);
  for (const Route& route : routes()) {
    auto head = request(route.method, route.pattern);
    head.headers.push_back({"cookie", "ingle_session_11434=" + *cookie});
    EXPECT_EQ(status(always, head), 0) << route.pattern;
    head.headers.push_back({"x-api-key", "wrong"});
    EXPECT_EQ(status(always, head), route.scope == Scope::kPublic ? 0 : 401) << route.pattern;
  }
}

TEST_F(AccessTest, a_word_of_the_owner_is_good_for_one_request_of_this_run) {
  make(kChat);
  const auto ask = [&](std::string_view word, std::string_view method = "GET", std::string_view path = "/api/ps") {
    auto head = request(method, path);
    head.headers.push_back({"authorization", "Ingle " + std::string(word)});
    return status(always, head);
  };
  const std::string word = keys.make_request_word("GET", "/api/ps", kNow);
  EXPECT_EQ(ask(word, "GET", "/api/tags"), 401);
  EXPECT_EQ(ask(word, "DELETE", "/api/ps"), 401);
  EXPECT_EQ(ask("1" + word), 401);
  EXPECT_EQ(ask(word), 0);
  EXPECT_EQ(ask(word), 401) << "used";
  EXPECT_EQ(ask(keys.make_request_word("GET", "/api/ps", kNow - 61)), 401) << "late";
  AppKeys other(std::string(64, 'a'));
  other.set_instance("another run");
  EXPECT_EQ(ask(other.make_request_word("GET", "/api/ps", kNow)), 401);
}

TEST_F(AccessTest, refusals_have_the_form_of_the_dialect) {
  const std::string chat = make(kChat);
  const auto refusal = [&](std::string_view method, std::string_view path, const std::string& key) {
    auto head = request(method, path);
    if (!key.empty()) head.headers.push_back({"x-api-key", key});
    auto reply = always.on_head(head).refusal;
    EXPECT_TRUE(reply.has_value());
    return *reply;
  };
  const auto holds = [](const net::Reply& reply, std::string_view words) {
    EXPECT_NE(reply.body.find(words), std::string::npos) << reply.body;
  };
  holds(refusal("POST", "/v1/chat/completions", "x"), R"("code":"invalid_api_key")");
  holds(refusal("POST", "/v1/chat/completions", "x"), R"("type":"authentication_error")");
  holds(refusal("POST", "/v1/messages", ""), R"({"type":"error","error":{"type":"authentication_error")");
  holds(refusal("POST", "/api/chat", ""), R"({"error":"this server needs a token)");
  holds(refusal("POST", "/completion", ""), R"({"error":{"code":401)");
  holds(refusal("POST", "/completion", ""), R"("type":"authentication_error")");
  holds(refusal("DELETE", "/api/delete", chat), R"(needs 'manage')");
  holds(refusal("GET", "/ingle/v1/status", chat), R"("code":"insufficient_scope")");
  holds(refusal("POST", "/api/chat", chat.substr(0, 20)), "mistyped or cut");
  const auto reply = refusal("POST", "/api/chat", chat + "0");
  EXPECT_EQ(reply.body.find(chat), std::string::npos);
  EXPECT_TRUE(std::ranges::any_of(reply.headers, [](const auto& header) {
    return header.name == "www-authenticate" && header.value == "Bearer realm=\"ingle\"";
  }));
}

TEST_F(AccessTest, what_runs_for_a_token_ends_with_it) {
  const std::string first = make(kChat, "first");
  const std::string second = make(kChat, "second", kNow + 10);
  models.completer->hold = true;
  const auto start = [&](const std::string& secret, std::string id, std::string body) {
    auto head = request("POST", "/v1/chat/completions");
    head.headers.push_back({"authorization", "Bearer " + secret});
    head.headers.push_back({"x-request-id", std::move(id)});
    head.headers.push_back({"content-type", "application/json"});
    head.caller = always.on_head(head).caller;
    head.body = std::move(body);
    const auto seen = std::make_shared<testing::Seen>();
    always.on_request(std::make_shared<testing::FakeExchange>(std::move(head), seen));
    return seen;
  };
  const std::string whole = R"({"model":"m:1","messages":[{"role":"user","content":"x"}]})";
  const std::string streamed = R"({"model":"m:1","stream":true,"messages":[{"role":"user","content":"x"}]})";
  const auto a = start(first, "a", whole);
  const auto sink_of_a = models.completer->sink;
  const auto b = start(second, "b", streamed);
  chat::Delta piece;
  piece.text = "Hel";
  models.completer->sink(piece);
  services.responses->put(tokens.current()->tokens[0].id, "r", {.model = "m"});
  services.responses->put(tokens.current()->tokens[1].id, "r", {.model = "m"});
  const std::string first_id = tokens.current()->tokens[0].id;
  const std::string second_id = tokens.current()->tokens[1].id;
  always.end_revoked();
  EXPECT_FALSE(a->answered);
  EXPECT_FALSE(b->finished);
  EXPECT_NE(services.responses->find(first_id, "r"), nullptr);
  const std::string names[] = {"first"};
  ASSERT_TRUE(tokens.revoke(names).has_value());
  always.end_revoked();
  EXPECT_EQ(a->reply.status, 401);
  EXPECT_FALSE(b->finished);
  EXPECT_EQ(services.responses->find(first_id, "r"), nullptr);
  EXPECT_NE(services.responses->find(second_id, "r"), nullptr);
  now = kNow + 10;
  always.end_revoked();
  EXPECT_TRUE(b->finished);
  EXPECT_NE(b->reply.body.find("invalid_api_key"), std::string::npos) << "the error is the last event";
  EXPECT_EQ(models.completer->cancelled, (std::vector<std::string>{"b"}));
}

TEST_F(AccessTest, a_token_for_chats_takes_no_model_from_others) {
  const std::string chat = make(kChat, "chat");
  const std::string both = make(kChat | kManage, "both");
  models.completer->script = {chat::Finished{}};
  std::string last_granted;
  const auto ask = [&](const std::string& secret, std::string body) {
    auto head = request("POST", "/api/generate");
    head.headers.push_back({"authorization", "Bearer " + secret});
    head.body = std::move(body);
    head.caller = always.on_head(head).caller;
    const auto seen = std::make_shared<testing::Seen>();
    always.on_request(std::make_shared<testing::FakeExchange>(std::move(head), seen));
    EXPECT_EQ(seen->reply.status, 200) << seen->reply.body;
    last_granted = seen->header("x-ingle-keep-alive");
  };
  const std::string chats_id = tokens.current()->tokens[0].id;
  ask(chat, R"({"model":"m:1","keep_alive":0})");
  EXPECT_TRUE(models.unloaded.empty());
  ASSERT_EQ(models.let_gone.size(), 1U);
  EXPECT_EQ(models.let_gone[0].second, chats_id);
  ask(chat, R"({"model":"m:1","prompt":"x","keep_alive":-1})");
  EXPECT_TRUE(models.acquired.back().second.may_only_wish);
  EXPECT_EQ(models.acquired.back().second.client, chats_id);
  EXPECT_EQ(last_granted, "300");
  ask(both, R"({"model":"m:1","keep_alive":0})");
  EXPECT_EQ(models.unloaded, std::vector<std::string>{"m:1"});
  ask(both, R"({"model":"m:1","prompt":"x","keep_alive":-1})");
  EXPECT_FALSE(models.acquired.back().second.may_only_wish);
  EXPECT_EQ(last_granted, "");
}

TEST_F(AccessTest, what_a_revoked_token_wanted_to_stay_loaded_does_not) {
  make(kManage, "one");
  make(kManage, "two");
  const std::string one = tokens.current()->tokens[0].id;
  const std::string two = tokens.current()->tokens[1].id;
  models.clients = {{one, false}, {two, false}, {"", false}};
  ASSERT_TRUE(tokens.revoke(std::span(&one, 1)).has_value());
  always.end_revoked();
  EXPECT_EQ(models.clients, (std::map<std::string, bool>{{one, false}, {two, true}, {"", true}}));
}

TEST_F(AccessTest, an_upload_ends_with_its_token) {
  services.has_blob = [](const store::Digest&) -> Status { return std::unexpected(Error::not_found("no")); };
  int n_begun = 0;
  services.begin_blob = [&](uint64_t) -> Result<std::unique_ptr<store::BlobUpload>> {
    ++n_begun;
    return std::unexpected(Error::exhausted("no room"));
  };
  const std::string secret = make(kManage, "puts");
  auto head = request("POST", "/api/blobs/sha256:" + std::string(64, 'a'));
  head.headers.push_back({"authorization", "Bearer " + secret});
  const auto verdict = always.on_head(head);
  ASSERT_NE(verdict.receiver, nullptr);
  const std::string names[] = {"puts"};
  ASSERT_TRUE(tokens.revoke(names).has_value());
  EXPECT_FALSE(verdict.receiver->take("bytes"));
  EXPECT_EQ(n_begun, 0);
  head.receiver = verdict.receiver;
  head.caller = verdict.caller;
  const auto seen = std::make_shared<testing::Seen>();
  always.on_request(std::make_shared<testing::FakeExchange>(std::move(head), seen));
  EXPECT_EQ(seen->reply.status, 401);
}

TEST(Tokens, are_kept_as_hashes_in_a_file_of_the_owners) {
  const base::testing::TempFolder folder;
  Tokens tokens(folder.path());
  EXPECT_FALSE(tokens.current()->exists);
  const auto made = tokens.create("laptop", kChat, 0, kNow);
  ASSERT_TRUE(made.has_value());
  EXPECT_TRUE(made->secret.starts_with("ingle_"));
  EXPECT_EQ(made->secret.size(), 44U);
  EXPECT_TRUE(is_token_form(made->secret));
  std::string wrong = made->secret;
  wrong[10] = wrong[10] == 'a' ? 'b' : 'a';
  EXPECT_FALSE(is_token_form(wrong));
  EXPECT_EQ(tokens.current()->find(made->secret)->name, "laptop");
  EXPECT_EQ(tokens.current()->find(wrong), nullptr);
  EXPECT_EQ(base::read_file(tokens.path(), 1 << 20)->find(made->secret.substr(6, 20)), std::string::npos);
  EXPECT_EQ(fs::status(tokens.path()).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(fs::status(tokens.path().parent_path()).permissions(), fs::perms::owner_all);
  EXPECT_EQ(tokens.create("laptop", kChat, 0, kNow).error().code(), ErrorCode::kRefused);
  EXPECT_EQ(tokens.create("two\nlines", kChat, 0, kNow).error().code(), ErrorCode::kUsage);
  const std::string names[] = {"laptop", "nobody"};
  EXPECT_EQ(tokens.revoke(names).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(tokens.current()->tokens.size(), 1U) << "all or none";
}

TEST(Tokens, another_process_sees_a_change_at_once) {
  const base::testing::TempFolder folder;
  Tokens server(folder.path());
  EXPECT_FALSE(server.current()->exists);
  Tokens command(folder.path());
  for (int i = 0; i < 20; ++i) {
    const auto made = command.create("", kChat, 0, kNow);
    ASSERT_TRUE(made.has_value());
    EXPECT_NE(server.current()->find(made->secret), nullptr);
    const std::string ids[] = {made->token.id};
    ASSERT_TRUE(command.revoke(ids).has_value());
    EXPECT_EQ(server.current()->find(made->secret), nullptr);
  }
}

}  // namespace
}  // namespace ingle::api
