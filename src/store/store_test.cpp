#include "store/store.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>

#include "base/sha256.h"
#include "base/testing/temp_folder.h"

namespace ingle::store {
namespace {

namespace fs = std::filesystem;
using base::testing::TempFolder;
using base::testing::write;

Digest digest_of(std::string_view bytes) {
  return *Digest::parse(base::sha256_hex(std::as_bytes(std::span(bytes))));
}

class StoreTest : public ::testing::Test {
 protected:
  Layer blob(std::string_view type, std::string_view bytes, bool ours = false) {
    const Digest digest = digest_of(bytes);
    write(models_ / "blobs" / digest.file_name(), bytes);
    if (ours) write(models_ / ".ingle" / "added" / digest.file_name(), "");
    return {std::string(type), digest, bytes.size()};
  }
  void manifest(const char* name, std::vector<Layer> layers) {
    Manifest manifest;
    manifest.layers = std::move(layers);
    write(models_ / "manifests" / ModelName::parse(name)->manifest_path(), manifest.to_json());
  }
  bool has(const Layer& layer) const { return fs::exists(models_ / "blobs" / layer.digest.file_name()); }

  TempFolder folder_;
  fs::path models_ = folder_ / "models";
  Store store_{Paths{folder_.path(), models_}, Network{}};
};

TEST_F(StoreTest, lists_nothing_where_nothing_is) {
  const auto models = store_.list();
  ASSERT_TRUE(models);
  EXPECT_TRUE(models->empty());
}

TEST_F(StoreTest, reads_a_folder_that_ollama_filled) {
  const Layer gguf = blob(kModelLayer, "GGUF weights");
  manifest("llama3.2:1b",
           {gguf, blob("application/vnd.ollama.image.template", "{{ .Prompt }}"),
            blob("application/vnd.ollama.image.params", R"({"stop":["x"]})"), blob(kLicenseLayer, "terms")});
  manifest("hf.co/user/repo:Q4_K_M", {gguf});
  write(models_ / "manifests" / ".DS_Store", "junk");
  write(models_ / "manifests" / "registry.ollama.ai" / "library" / "x" / "..bad", "junk");

  const auto models = store_.list();
  ASSERT_TRUE(models);
  ASSERT_EQ(models->size(), 2U);
  EXPECT_EQ((*models)[0].name.display(), "hf.co/user/repo:Q4_K_M");
  EXPECT_EQ((*models)[1].name.display(), "llama3.2:1b");

  const auto model = store_.find("LLAMA3.2:1b");
  ASSERT_TRUE(model);
  EXPECT_EQ(base::testing::read(model->path), "GGUF weights");
  EXPECT_EQ(model->digest, gguf.digest);
  const auto extras = store_.extras(*model);
  ASSERT_TRUE(extras);
  EXPECT_EQ(extras->go_template, "{{ .Prompt }}");
  EXPECT_EQ(extras->parameters, R"({"stop":["x"]})");
  EXPECT_EQ(extras->licences, std::vector<std::string>{"terms"});
}

TEST_F(StoreTest, leaves_incomplete_and_foreign_models_out_and_says_why) {
  Layer missing = blob(kModelLayer, "missing");
  fs::remove(models_ / "blobs" / missing.digest.file_name());
  manifest("missing:x", {missing});
  Layer cut = blob(kModelLayer, "cut short");
  cut.size += 1;
  manifest("cut:x", {cut});
  manifest("cloud:x", {blob(kLicenseLayer, "terms only")});
  write(models_ / "manifests" / ModelName::parse("broken:x")->manifest_path(), "{");
  std::vector<Error> problems;
  const auto models = store_.list(&problems);
  ASSERT_TRUE(models);
  EXPECT_TRUE(models->empty());
  EXPECT_EQ(problems.size(), 4U);
  EXPECT_EQ(store_.find("cut:x").error().code(), ErrorCode::kCorrupt);
  EXPECT_EQ(store_.find("cloud:x").error().code(), ErrorCode::kUnsupported);
}

TEST_F(StoreTest, tells_what_to_do_about_a_model_that_is_not_there) {
  EXPECT_EQ(store_.find("smollm2:135m").error().code(), ErrorCode::kNotFound);
  EXPECT_NE(store_.find("smollm2:135m").error().hint().find("ingle pull smollm2:135m"), std::string::npos);
  EXPECT_NE(store_.find("smolm2:135m").error().hint().find("smollm2:135m"), std::string::npos);
  EXPECT_EQ(store_.find("../x").error().code(), ErrorCode::kUsage);
}

TEST_F(StoreTest, what_is_installed_is_proposed_before_what_could_be_pulled) {
  manifest("smollm2:135m", {blob(kModelLayer, "weights")});
  EXPECT_EQ(store_.find("smollm2").error().hint(),
            "did you mean 'smollm2:135m', which is installed? 'ingle pull smollm2:1.7b' downloads it (1.1 GB)");
  EXPECT_EQ(store_.installed_like("smollm2"), std::vector<std::string>{"smollm2:135m"});
  EXPECT_EQ(store_.installed_like("smolm2:135m"), std::vector<std::string>{"smollm2:135m"}) << "a slip";
  EXPECT_TRUE(store_.installed_like("qwen3").empty());
}

TEST_F(StoreTest, finds_by_catalog_alias) {
  manifest("llama3.2:3b", {blob(kModelLayer, "weights")});
  ASSERT_TRUE(store_.find("llama3.2"));
  EXPECT_EQ(store_.find("llama3.2")->name.display(), "llama3.2:3b");
}

TEST_F(StoreTest, a_missing_name_is_quoted_as_it_was_typed_and_answered_with_what_is_installed) {
  manifest("mine:1b", {blob(kModelLayer, "weights")});
  const auto found = store_.find("mine");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().message(), "model 'mine' not found");
  EXPECT_NE(found.error().hint().find("'mine:1b'"), std::string::npos) << found.error().hint();
  EXPECT_EQ(store_.installed_name("mine").error().hint(), "did you mean 'mine:1b', which is installed?");
  EXPECT_EQ(store_.installed_name("other").error().hint(), "'ingle list' shows what is installed");
  EXPECT_EQ(store_.installed_name("MINE:1B")->display(), "mine:1b");
}

TEST_F(StoreTest, removes_only_blobs_that_it_added_and_that_nobody_shares) {
  const Layer own = blob(kModelLayer, "own", true);
  const Layer shared = blob(kLicenseLayer, "shared", true);
  const Layer foreign = blob("application/vnd.ollama.image.template", "foreign");
  manifest("a:1", {own, shared, foreign});
  manifest("b:1", {blob(kModelLayer, "other"), shared});

  const auto report = store_.remove("a:1");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->blobs_removed, 1U);
  EXPECT_EQ(report->blobs_shared, 1U);
  EXPECT_EQ(report->blobs_foreign, 1U);
  EXPECT_EQ(report->bytes_freed, 3U);
  EXPECT_FALSE(has(own));
  EXPECT_TRUE(has(shared));
  EXPECT_TRUE(has(foreign));
  EXPECT_FALSE(store_.find("a:1"));
  EXPECT_TRUE(store_.find("b:1"));
  EXPECT_FALSE(fs::exists(models_ / "manifests/registry.ollama.ai/library/a"));
  EXPECT_EQ(store_.remove("a:1").error().code(), ErrorCode::kNotFound);
}

TEST_F(StoreTest, deletes_no_blob_while_another_manifest_is_unreadable) {
  const Layer own = blob(kModelLayer, "own", true);
  manifest("a:1", {own});
  write(models_ / "manifests" / ModelName::parse("broken:x")->manifest_path(), "{");
  ASSERT_TRUE(store_.remove("a:1"));
  EXPECT_TRUE(has(own));
}

TEST(Paths, follow_the_environment) {
  const auto lookup = [](std::map<std::string, std::string, std::less<>> values) -> EnvLookup {
    return [values](std::string_view name) -> std::optional<std::string> {
      const auto found = values.find(name);
      return found == values.end() ? std::nullopt : std::optional(found->second);
    };
  };
  const auto plain = paths_from(lookup({{"HOME", "/h"}}));
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->home, "/h/.ingle");
  EXPECT_EQ(plain->models, "/h/.ingle/models");
  const auto set = paths_from(lookup({{"HOME", "/h"}, {"INGLE_HOME", "/i"}, {"OLLAMA_MODELS", "/o/models"}}));
  ASSERT_TRUE(set);
  EXPECT_EQ(set->home, "/i");
  EXPECT_EQ(set->models, "/o/models");
  EXPECT_FALSE(paths_from(lookup({})));
  EXPECT_TRUE(network_from(lookup({{"INGLE_OFFLINE", "1"}})).offline);
  EXPECT_FALSE(network_from(lookup({{"INGLE_OFFLINE", "0"}})).offline);
  EXPECT_EQ(network_from(lookup({{"HTTP_PROXY", "p"}, {"REQUEST_METHOD", "GET"}})).http_proxy, "");
}

}  // namespace
}  // namespace ingle::store
