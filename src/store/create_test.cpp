#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/sha256.h"
#include "base/testing/temp_folder.h"
#include "store/installed.h"
#include "store/store.h"

namespace ingle::store {
namespace {

namespace fs = std::filesystem;
using base::testing::read;
using base::testing::TempFolder;
using base::testing::write;

Digest digest_of(std::string_view bytes) {
  return *Digest::parse(base::sha256_hex(std::as_bytes(std::span(bytes))));
}

ModelName name(std::string_view text) {
  return *ModelName::parse(text);
}

class CreateTest : public ::testing::Test {
 protected:
  Layer blob(const fs::path& models, std::string_view type, std::string_view bytes) {
    const Digest digest = digest_of(bytes);
    write(models / "blobs" / digest.file_name(), bytes);
    return {std::string(type), digest, bytes.size()};
  }
  void manifest(const fs::path& models, const char* model, std::vector<Layer> layers) {
    Manifest manifest;
    manifest.layers = std::move(layers);
    write(models / "manifests" / name(model).manifest_path(), manifest.to_json());
  }
  Result<Digest> upload(std::string_view bytes, const Digest& expected) {
    auto upload = store_.begin_blob(bytes.size());
    EXPECT_TRUE(upload.has_value());
    EXPECT_TRUE(upload->write(bytes.substr(0, 3)).has_value());
    EXPECT_TRUE(upload->write(bytes.substr(std::min<size_t>(3, bytes.size()))).has_value());
    return upload->commit(expected, {});
  }
  Status create(const NewModel& model) {
    said_.clear();
    return store_.create(model, [this](std::string_view line) { said_.emplace_back(line); }, {});
  }
  size_t n_partial() const {
    std::error_code error;
    return static_cast<size_t>(
        std::distance(fs::directory_iterator(models_ / ".ingle" / "partial", error), fs::directory_iterator()));
  }
  ModelExtras extras(std::string_view model) { return *store_.extras(*store_.find(model)); }

  TempFolder folder_;
  fs::path models_ = folder_ / "models";
  fs::path other_ = folder_ / "other";
  Store store_{Paths{folder_.path(), models_, {{Origin::kOllama, other_}}}, Network{}};
  std::vector<std::string> said_;
};

TEST_F(CreateTest, an_upload_is_there_when_its_digest_is_right) {
  const std::string bytes = "GGUF weights";
  EXPECT_EQ(store_.blob(digest_of(bytes)).error().code(), ErrorCode::kNotFound);
  ASSERT_TRUE(upload(bytes, digest_of(bytes)));
  EXPECT_EQ(read(*store_.blob(digest_of(bytes))), bytes);
  EXPECT_TRUE(fs::exists(models_ / ".ingle/added" / digest_of(bytes).file_name()));
  EXPECT_EQ(n_partial(), 0U);
}

TEST_F(CreateTest, an_upload_of_other_bytes_is_refused_and_leaves_nothing) {
  const auto wrong = upload("other", digest_of("weights"));
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().message(), "digest mismatch, expected \"" + digest_of("weights").text() + "\", got \"" +
                                         digest_of("other").text() + "\"");
  EXPECT_FALSE(store_.blob(digest_of("other")));
  EXPECT_EQ(n_partial(), 0U);
  {
    ASSERT_TRUE(store_.begin_blob(0)->write("half").has_value());
  }
  EXPECT_EQ(n_partial(), 0U);
}

TEST_F(CreateTest, what_a_process_left_behind_goes_with_the_next_upload_and_what_is_under_way_stays) {
  write(models_ / ".ingle/partial/upload-1-0", "left behind");
  auto under_way = store_.begin_blob(0);
  auto next = store_.begin_blob(0);
  EXPECT_EQ(n_partial(), 2U);
  ASSERT_TRUE(under_way->write("x").has_value());
  EXPECT_TRUE(under_way->commit({}, {}).has_value());
}

TEST_F(CreateTest, more_than_the_disk_has_is_refused_before_the_first_byte) {
  EXPECT_EQ(store_.begin_blob(UINT64_MAX).error().code(), ErrorCode::kExhausted);
}

TEST_F(CreateTest, uploads_that_begin_side_by_side_all_arrive) {
  std::atomic<int> n_arrived = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int k = 0; k < 20; ++k) {
        const std::string bytes = fmt::format("{} {}", i, k);
        auto blob = store_.begin_blob(0);
        if (blob && blob->write(bytes) && blob->commit(digest_of(bytes), {})) ++n_arrived;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(n_arrived, 8 * 20);
}

TEST_F(CreateTest, a_model_of_which_something_was_removed_meanwhile_is_not_copied) {
  manifest(models_, "a:1", {blob(models_, kModelLayer, "weights"), blob(models_, kLicenseLayer, "terms")});
  fs::remove(*store_.blob(digest_of("terms")));
  EXPECT_EQ(store_.copy("a:1", "b", {}).error().code(), ErrorCode::kNotFound);
  EXPECT_FALSE(store_.find("b"));
}

TEST_F(CreateTest, a_copy_has_the_same_id) {
  manifest(models_, "a:1", {blob(models_, kModelLayer, "weights"), blob(models_, kLicenseLayer, "terms")});
  ASSERT_TRUE(store_.copy("a:1", "b", {}));
  const auto copied = store_.find("b:latest");
  ASSERT_TRUE(copied);
  EXPECT_EQ(copied->id, store_.find("a:1")->id);
  EXPECT_EQ(store_.copy("none", "c", {}).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(store_.copy("a:1", "../c", {}).error().code(), ErrorCode::kUsage);
  EXPECT_EQ(store_.copy("a:1", "", {}).error().code(), ErrorCode::kUsage);
}

TEST_F(CreateTest, names_that_differ_in_case_are_one_model) {
  manifest(models_, "a:1", {blob(models_, kModelLayer, "weights")});
  manifest(models_, "Mine:x", {blob(models_, kModelLayer, "old weights")});
  ASSERT_TRUE(store_.copy("a:1", "mine:X", {}));
  EXPECT_EQ(store_.list()->size(), 2U);
  EXPECT_EQ(store_.find("mine:x")->digest, digest_of("weights"));
  EXPECT_TRUE(fs::exists(models_ / "blobs" / digest_of("old weights").file_name())) << "it was not ours";
}

TEST_F(CreateTest, a_model_of_another_program_is_copied_with_all_its_layers) {
  manifest(other_, "theirs:1", {blob(other_, kModelLayer, "weights"), blob(other_, kSystemLayer, "be kind")});
  ASSERT_TRUE(store_.copy("theirs:1", "mine:1", {}));
  EXPECT_EQ(store_.find("mine:1")->origin, Origin::kInglenook);
  EXPECT_EQ(read(store_.find("mine:1")->path), "weights");
  EXPECT_EQ(extras("mine:1").system, "be kind");
  EXPECT_TRUE(store_.remove("mine:1"));
  EXPECT_FALSE(fs::exists(models_ / "blobs" / digest_of("weights").file_name()));
  EXPECT_TRUE(fs::exists(other_ / "blobs" / digest_of("weights").file_name()));
}

TEST_F(CreateTest, a_model_from_another_one_keeps_what_it_does_not_replace) {
  manifest(models_, "base:1",
           {blob(models_, kModelLayer, "weights"), blob(models_, kSystemLayer, "old"),
            blob(models_, kTemplateLayer, "{{ .Prompt }}"),
            blob(models_, kParamsLayer, R"({"stop":["x"],"temperature":1})"), blob(models_, kLicenseLayer, "terms")});
  ASSERT_TRUE(create({.name = name("mine"),
                      .from = *store_.find("base:1"),
                      .system = "new",
                      .parameters = R"({"temperature":0.5})",
                      .messages = R"([{"role":"user","content":"hi"}])",
                      .licences = {"more terms"}}));
  const ModelExtras made = extras("mine");
  EXPECT_EQ(made.system, "new");
  EXPECT_EQ(made.go_template, "{{ .Prompt }}");
  EXPECT_EQ(made.parameters, R"({"temperature":0.5,"stop":["x"]})");
  EXPECT_EQ(made.messages, R"([{"role":"user","content":"hi"}])");
  EXPECT_EQ(made.licences, (std::vector<std::string>{"terms", "more terms"}));
  EXPECT_EQ(store_.find("mine")->digest, digest_of("weights"));
  const std::vector<std::string> expected = {"using existing layer " + digest_of("weights").text(),
                                             "using existing layer " + digest_of("{{ .Prompt }}").text(),
                                             "using existing layer " + digest_of("terms").text(),
                                             "creating new layer " + digest_of("new").text(),
                                             "creating new layer " + digest_of("more terms").text(),
                                             "creating new layer " + digest_of(made.parameters).text(),
                                             "creating new layer " + digest_of(made.messages).text(),
                                             "writing manifest"};
  EXPECT_EQ(said_, expected);
}

TEST_F(CreateTest, a_model_from_an_upload_has_a_config_that_ollama_reads) {
  ASSERT_TRUE(upload("GGUF weights", {}));
  ASSERT_TRUE(create({.name = name("mine:1"),
                      .model = digest_of("GGUF weights"),
                      .jinja_template = "{% for m in messages %}{{ m.content }}{% endfor %}",
                      .family = "llama",
                      .size_label = "1.54B",
                      .quantization = "Q4_0"}));
  EXPECT_EQ(extras("mine:1").jinja_template, "{% for m in messages %}{{ m.content }}{% endfor %}");
  const auto manifest = read_manifest(store_.find("mine:1")->manifest);
  ASSERT_TRUE(manifest);
  const auto config = nlohmann::json::parse(read(*store_.blob(manifest->manifest.config.digest)));
  EXPECT_EQ(config["model_format"], "gguf");
  EXPECT_EQ(config["model_family"], "llama");
  EXPECT_EQ(config["model_families"][0], "llama");
  EXPECT_EQ(config["model_type"], "1.54B");
  EXPECT_EQ(config["file_type"], "Q4_0");
  EXPECT_EQ(create({.name = name("x"), .model = digest_of("nothing")}).error().code(), ErrorCode::kNotFound);
  EXPECT_FALSE(store_.find("x"));
}

TEST_F(CreateTest, a_model_that_is_replaced_takes_along_what_it_alone_used_and_we_added) {
  ASSERT_TRUE(upload("first", {}));
  ASSERT_TRUE(upload("second", {}));
  ASSERT_TRUE(create({.name = name("mine"), .model = digest_of("first")}));
  ASSERT_TRUE(create({.name = name("mine"), .model = digest_of("second")}));
  EXPECT_FALSE(store_.blob(digest_of("first")));
  EXPECT_TRUE(store_.blob(digest_of("second")));
}

TEST_F(CreateTest, uploads_that_no_model_took_are_pruned_and_nothing_else_is) {
  ASSERT_TRUE(upload("unused", {}));
  ASSERT_TRUE(upload("used", {}));
  ASSERT_TRUE(create({.name = name("mine"), .model = digest_of("used")}));
  const Layer foreign = blob(models_, kModelLayer, "foreign and unused");
  EXPECT_EQ(store_.prune(std::chrono::hours(1)), 0U);
  EXPECT_EQ(store_.prune(std::chrono::hours(-1)), 6U);
  EXPECT_FALSE(store_.blob(digest_of("unused")));
  EXPECT_TRUE(store_.blob(digest_of("used")));
  EXPECT_TRUE(store_.blob(foreign.digest));
}

TEST(Template, is_go_or_jinja) {
  for (const char* go : {"{{ .System }}", "{{- range .Messages }}x{{ end }}", "{{ if .Prompt }}a{{ else }}b{{ end }}",
                         "<s>{{.Prompt}}", "{{- $last := 1 }}", "{{ json .Tools }}"})
    EXPECT_TRUE(is_go_template(go)) << go;
  for (const char* jinja : {"", "plain", "{{ messages[0].content }}", "{% for m in messages %}{{ m }}{% endfor %}",
                            "{{ end_token }}", "{{- bos_token }}", "{% if .5 > x %}{{ .5 }}{% endif %}"})
    EXPECT_FALSE(is_go_template(jinja)) << jinja;
}

}  // namespace
}  // namespace ingle::store
