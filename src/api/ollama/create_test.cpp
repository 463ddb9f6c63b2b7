#include "api/ollama/create.h"

#include <gtest/gtest.h>

#include "api/app_keys.h"
#include "api/registry.h"
#include "api/testing/fakes.h"
#include "api/testing/fields.h"
#include "base/sha256.h"
#include "base/testing/temp_folder.h"

namespace ingle::api::ollama {
namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');

TEST(OllamaCreate, reads_a_model_made_of_another_one) {
  const auto call = parse_create(R"({"model":"mine","from":"base:1","stream":false,"system":"s","license":["a",""],
    "parameters":{"temperature":0.1,"stop":["x"]},"requires":"0.14.0","template":"{{ messages }}",
    "messages":[{"role":"USER","content":"hi"},{"role":"assistant","content":"ho"}],"adapters":{},"quantize":""})");
  ASSERT_TRUE(call.has_value()) << call.error().error.message();
  EXPECT_FALSE(call->stream);
  EXPECT_EQ(call->model.name, "mine");
  EXPECT_EQ(call->model.from, "base:1");
  EXPECT_EQ(call->model.system, "s");
  EXPECT_EQ(call->model.licences, std::vector<std::string>{"a"});
  EXPECT_EQ(call->model.options_json, R"({"temperature":0.1,"stop":["x"]})");
  EXPECT_EQ(call->model.messages_json, R"([{"role":"user","content":"hi"},{"role":"assistant","content":"ho"}])");
  EXPECT_EQ(call->model.requires_version, "0.14.0");
}

TEST(OllamaCreate, reads_a_model_of_an_uploaded_file) {
  const auto call = parse_create(R"({"name":"mine","files":{"m.gguf":")" + kDigest + R"("},"license":"terms"})");
  ASSERT_TRUE(call.has_value()) << call.error().error.message();
  EXPECT_TRUE(call->stream);
  EXPECT_EQ(call->model.files, (std::vector<std::pair<std::string, std::string>>{{"m.gguf", kDigest}}));
  EXPECT_EQ(call->model.licences, std::vector<std::string>{"terms"});
}

TEST(OllamaCreate, says_what_it_does_not_make) {
  const auto files = [](std::string_view text) { return R"({"model":"m","files":)" + std::string(text) + "}"; };
  const std::pair<std::string, int> cases[] = {
      {"", 400},
      {"{}", 400},
      {R"({"model":"m"})", 400},
      {R"({"model":"","from":"a"})", 400},
      {R"({"model":"../m","from":"a"})", 400},
      {R"({"model":"m","from":"a","files":{"x":")" + kDigest + R"("}})", 400},
      {files(R"({"x":""})"), 400},
      {files(R"({"x":"sha256:../../../../etc/passwd"})"), 400},
      {files(R"({"../x":")" + kDigest + R"("})"), 400},
      {files(R"({"/x":")" + kDigest + R"("})"), 400},
      {files(R"({"a//b":")" + kDigest + R"("})"), 400},
      {files(R"({"x.safetensors":")" + kDigest + R"("})"), 501},
      {files(R"({"a":")" + kDigest + R"(","b":")" + kDigest + R"("})"), 501},
      {R"({"model":"m","from":"a","adapters":{"x":"y"}})", 501},
      {R"({"model":"m","from":"a","quantize":"q4_0"})", 501},
      {R"({"model":"m","from":"a","renderer":"gemma4"})", 501},
      {R"({"model":"m","from":"a","remote_host":"https://x"})", 501},
      {R"({"model":"m","from":"a","parameters":{"top_k":"many"}})", 400},
      {R"({"model":"m","from":"a","messages":[{"role":"tool","content":"x"}]})", 400},
      {R"({"model":"m","from":"a","license":{}})", 400},
  };
  for (const auto& [body, status] : cases) {
    const auto call = parse_create(body);
    ASSERT_FALSE(call.has_value()) << body;
    EXPECT_EQ(call.error().status, status) << body;
  }
  EXPECT_EQ(parse_create(R"({"model":"m"})").error().error.message(), "neither 'from' or 'files' was specified");
  EXPECT_EQ(parse_create(R"({"model":"a b","from":"x"})").error().error.message(), "invalid model name");
}

TEST(OllamaCreate, a_copy_needs_two_names) {
  EXPECT_EQ(parse_copy(R"({"source":"a","destination":"b"})")->destination, "b");
  EXPECT_EQ(parse_copy(R"({"source":"a b","destination":"b"})").error().error.message(), "source \"a b\" is invalid");
  EXPECT_EQ(parse_copy(R"({"source":"a"})").error().error.message(), "destination \"\" is invalid");
}

TEST(OllamaCreate, reads_the_fields_of_its_tables) {
  testing::expect_reads_its_fields(kCreateFields, [](std::string_view body) { static_cast<void>(parse_create(body)); },
                                   {R"({"model":"m","from":"a","messages":[{}],"parameters":{"seed":1}})"});
  testing::expect_reads_its_fields(kCopyFields, [](std::string_view body) { static_cast<void>(parse_copy(body)); },
                                   {"{}"});
}

class BlobTest : public ::testing::Test {
 protected:
  void SetUp() override {
    services.has_blob = [this](const store::Digest& digest) -> Status {
      INGLE_TRY_VOID(store.blob(digest));
      return {};
    };
    services.begin_blob = [this](uint64_t announced) -> Result<std::unique_ptr<store::BlobUpload>> {
      INGLE_TRY(store::BlobUpload upload, store.begin_blob(announced));
      return std::make_unique<store::BlobUpload>(std::move(upload));
    };
  }
  net::Reply send(const std::string& digest, std::string_view bytes, bool* wants_more = nullptr) {
    const RouteMatch match = find_route("POST", "/api/blobs/" + digest);
    net::ServerRequest request;
    request.method = "POST";
    request.receiver = match.route->receive(services, request, match.rest, [] { return Answer<void>(); });
    const bool more = bytes.empty() || request.receiver->take(bytes);
    if (wants_more != nullptr) *wants_more = more;
    return answer(match, std::move(request));
  }
  net::Reply head(const std::string& digest) {
    const RouteMatch match = find_route("HEAD", "/api/blobs/" + digest);
    return answer(match, {});
  }
  net::Reply answer(const RouteMatch& match, net::ServerRequest request) {
    const auto seen = std::make_shared<testing::Seen>();
    match.route->handle(std::make_shared<Call>(std::make_shared<testing::FakeExchange>(std::move(request), seen),
                                               *match.route, match.rest, "id", Caller{}, services, keys,
                                               std::vector<net::HttpHeader>{}));
    return seen->reply;
  }

  base::testing::TempFolder folder;
  store::Store store{store::Paths{folder.path(), folder / "models"}, store::Network{}};
  AppKeys keys = *AppKeys::open(folder.path());
  Services services;
};

TEST_F(BlobTest, arrives_once_and_is_then_there) {
  const std::string bytes = "some bytes";
  const std::string digest = "sha256:" + base::sha256_hex(std::as_bytes(std::span(bytes)));
  EXPECT_EQ(head(digest).status, 404);
  EXPECT_EQ(send(digest, bytes).status, 201);
  EXPECT_EQ(head(digest).status, 200);
  EXPECT_EQ(send(digest, bytes).status, 200);
  EXPECT_EQ(send(digest, "other bytes, which nobody looks at").status, 200);
  EXPECT_EQ(send("sha256:" + base::sha256_hex({}), "").status, 201);
}

TEST_F(BlobTest, of_another_digest_or_name_is_refused) {
  const net::Reply wrong = send(kDigest, "bytes");
  EXPECT_EQ(wrong.status, 400);
  EXPECT_NE(wrong.body.find(R"(digest mismatch, expected \"sha256:aaaa)"), std::string::npos) << wrong.body;
  for (const std::string& name : {std::string("sha256:abc"), std::string(64, 'a'), std::string("../../etc/passwd"),
                                  "sha256:" + std::string(64, 'G')}) {
    bool wants_more = true;
    EXPECT_EQ(send(name, "bytes", &wants_more).body, R"({"error":"invalid digest format"})") << name;
    EXPECT_FALSE(wants_more);
    EXPECT_EQ(head(name).status, 400);
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "models/blobs"));
}

TEST_F(BlobTest, for_which_there_is_no_room_is_507) {
  services.begin_blob = [](uint64_t) -> Result<std::unique_ptr<store::BlobUpload>> {
    return std::unexpected(Error::exhausted("the disk is full"));
  };
  EXPECT_EQ(send(kDigest, "bytes").status, 507);
}

TEST(OllamaCreate, refuses_what_it_does_not_know_and_says_what_may_have_been_meant) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"model":"n","from":"m","parameters":{"temprature":0}})", "'parameters.temprature'"},
      {R"({"model":"n","from":"m","sytem":"s"})", "'sytem'"},
      {R"({"model":"n","from":"m","messages":[{"role":"user","content":"x","nam":1}]})", "'messages[0].nam'"},
  };
  for (const auto& [body, field] : cases) {
    const auto call = parse_create(body);
    ASSERT_FALSE(call.has_value()) << body;
    EXPECT_EQ(call.error().status, 400);
    EXPECT_EQ(call.error().error.message(), std::string(field) + " is no field that is known here");
  }
  EXPECT_EQ(parse_create(cases[0].first).error().error.hint(), "did you mean 'temperature'?");
}

}  // namespace
}  // namespace ingle::api::ollama
