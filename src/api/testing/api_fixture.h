// An Api over fakes, asked as a client would: for tests of routes. One thread.
#pragma once

#include <gtest/gtest.h>

#include "api/api.h"
#include "api/testing/fakes.h"
#include "base/testing/temp_folder.h"

namespace ingle::api::testing {

inline constexpr int64_t kNow = 1'700'000'000;

class ApiTest : public ::testing::Test {
 protected:
  void SetUp() override {
    services.version = "1.2.3";
    services.home = "/home/x/.ingle";
    services.models = &models;
    services.now_unix = [] { return kNow; };
    services.list = [] { return std::vector<ModelInfo>{{.name = "m:1", .size = 5, .source = "inglenook"}}; };
    services.info = [this](std::string_view name) -> Result<ModelInfo> {
      const auto list = services.list();
      for (const ModelInfo& model : *list)
        if (model.name == name) return model;
      return std::unexpected(Error::not_found("no such model"));
    };
    services.available = [] { return std::vector<AvailableModel>{{.name = "m:1", .title = "M"}, {.name = "n:1"}}; };
    auto opened = store::Chats::open(folder.path() / "chats.db");
    ASSERT_TRUE(opened.has_value());
    chats = std::move(*opened);
    services.chats = chats.get();
  }

  net::ServerRequest request(std::string method, std::string path, std::string body = "") {
    net::ServerRequest made;
    const size_t mark = path.find('?');
    made.method = std::move(method);
    made.path = path.substr(0, mark);
    if (mark != std::string::npos) made.query = path.substr(mark + 1);
    made.headers = {{"host", "127.0.0.1:11434"}};
    if (!body.empty()) {
      made.headers.push_back({"content-type", "application/json"});
      made.headers.push_back({"content-length", std::to_string(body.size())});
    }
    made.body = std::move(body);
    return made;
  }

  /// As the server would: the head first, then the rest.
  Seen ask(net::ServerRequest wanted) {
    const auto seen = std::make_shared<Seen>();
    const auto verdict = api.on_head(wanted);
    if (verdict.refusal) {
      seen->reply = *verdict.refusal;
      return *seen;
    }
    wanted.caller = verdict.caller;
    exchange = std::make_shared<FakeExchange>(std::move(wanted), seen);
    api.on_request(exchange);
    last = seen;
    return *seen;
  }
  Seen ask(std::string method, std::string path, std::string body = "") {
    return ask(request(std::move(method), std::move(path), std::move(body)));
  }
  Seen ask_as_owner(std::string method, std::string path, std::string body = "") {
    auto wanted = request(std::move(method), std::move(path), std::move(body));
    wanted.headers.push_back({"authorization", "Bearer " + keys.key()});
    return ask(std::move(wanted));
  }

  base::testing::TempFolder folder;
  FakeModels models;
  std::unique_ptr<store::Chats> chats;
  Services services;
  AppKeys keys{std::string(64, 'a')};
  Api api{services,
          keys,
          {.hosts = {"house.local"}, .origins = {"http://page.example", "http://localhost:*", "moz-extension://*"}}};
  std::shared_ptr<FakeExchange> exchange;
  std::shared_ptr<Seen> last;
};

inline chat::Delta text(std::string words) {
  chat::Delta delta;
  delta.text = std::move(words);
  return delta;
}

}  // namespace ingle::api::testing
