#include "store/discovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/sha256.h"
#include "base/testing/temp_folder.h"

namespace ingle::store {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

std::string sha_of(std::string_view text) {
  return base::sha256_hex(std::as_bytes(std::span(text)));
}

class DiscoveryTest : public ::testing::Test {
 protected:
  void file(const fs::path& path, std::string_view text = "GGUF model") {
    base::testing::write(folder_.path() / path, text);
  }
  /// As Hugging Face's cache keeps it: a blob, and a link to it in a revision.
  void hub_file(const std::string& repository, const std::string& revision, const std::string& name,
                const std::string& text = "GGUF model") {
    const fs::path root = folder_ / "hub" / repository;
    base::testing::write(root / "blobs" / sha_of(text), text);
    fs::create_directories((root / "snapshots" / revision / name).parent_path());
    fs::create_symlink(root / "blobs" / sha_of(text), root / "snapshots" / revision / name);
  }
  /// As Ollama keeps it.
  void ollama_model(const fs::path& root, const std::string& name, const std::string& text) {
    Manifest manifest;
    manifest.layers.push_back({std::string(kModelLayer), *Digest::parse(sha_of(text)), text.size()});
    base::testing::write(root / "blobs" / ("sha256-" + sha_of(text)), text);
    base::testing::write(root / "manifests" / ModelName::parse(name)->manifest_path(), manifest.to_json());
  }
  std::vector<std::string> names_in(Origin origin, const fs::path& root) {
    std::vector<std::string> names;
    for (const InstalledModel& model : discover({origin, folder_.path() / root}, &problems_))
      names.push_back(model.name.display());
    return names;
  }
  Store store(std::vector<Place> places) const {
    return Store({.home = folder_ / "home", .models = folder_ / "home" / "models", .places = std::move(places)}, {});
  }
  static std::vector<std::string> names_of(const Store& store) {
    std::vector<std::string> names;
    const auto models = store.list();
    for (const InstalledModel& model : *models)
      names.push_back(model.name.display());
    return names;
  }

  base::testing::TempFolder folder_;
  std::vector<Error> problems_;
};

TEST_F(DiscoveryTest, finds_the_cache_of_hugging_face) {
  hub_file("models--Org--Model-GGUF", "rev1", "model-q4_k_m.gguf");
  hub_file("models--Org--Model-GGUF", "rev1", "sub/model-Q8_0.gguf", "GGUF other");
  hub_file("models--Org--Model-GGUF", "rev1", "mmproj-model-f16.gguf", "GGUF projector");
  hub_file("datasets--Org--Data", "rev1", "data.gguf");
  hub_file("models--odd", "rev1", "x.gguf");
  EXPECT_THAT(names_in(Origin::kHuggingFace, "hub"),
              ElementsAre("hf.co/Org/Model-GGUF:Q4_K_M", "hf.co/Org/Model-GGUF:Q8_0"));
  const auto model = discover({Origin::kHuggingFace, folder_ / "hub"}).front();
  EXPECT_EQ(model.digest.hex(), sha_of("GGUF model"));
  EXPECT_EQ(model.size, std::string("GGUF model").size());
  EXPECT_EQ(model.origin, Origin::kHuggingFace);
  EXPECT_FALSE(model.id.empty());
  EXPECT_THAT(problems_, IsEmpty());
}

TEST_F(DiscoveryTest, the_revision_that_main_means_has_the_short_name) {
  hub_file("models--o--m", "aaaaaaaaaaaa", "m-Q4_0.gguf", "GGUF old");
  hub_file("models--o--m", "bbbbbbbbbbbb", "m-Q4_0.gguf", "GGUF new");
  hub_file("models--o--m", "cccccccccccc", "m-Q4_0.gguf", "GGUF old");  // as in the first: one model
  file("hub/models--o--m/refs/main", "bbbbbbbbbbbb");
  const auto models = discover({Origin::kHuggingFace, folder_ / "hub"});
  ASSERT_EQ(models.size(), 2U);
  EXPECT_EQ(models[0].name.display(), "hf.co/o/m:Q4_0");
  EXPECT_EQ(models[0].digest.hex(), sha_of("GGUF new"));
  EXPECT_EQ(models[1].name.display(), "hf.co/o/m:m-Q4_0");
}

TEST_F(DiscoveryTest, finds_the_folder_of_lm_studio) {
  file("lms/publisher/Model-7B-GGUF/Model-7B-IQ2_XS.gguf");
  file("lms/publisher/Model-7B-GGUF/Model-7B-bf16.gguf");
  file("lms/other/plain/weights.gguf");
  file("lms/other/plain/notes.txt");
  file("lms/stray.gguf");
  EXPECT_THAT(names_in(Origin::kLmStudio, "lms"),
              ElementsAre("lmstudio/other/plain:latest", "lmstudio/publisher/Model-7B:IQ2_XS",
                          "lmstudio/publisher/Model-7B:BF16"));
}

TEST_F(DiscoveryTest, finds_folders_with_split_files_and_odd_names) {
  file("w/big-q6_k-00001-of-00002.gguf", "GGUF 1");
  file("w/big-q6_k-00002-of-00002.gguf", "GGUF 22");
  file("w/half-00001-of-00002.gguf");
  file("w/deep/down/My model (v2) Q5_0.gguf");
  file("w/no-model.gguf", "<html>");
  file("w/.hidden.gguf");
  EXPECT_THAT(names_in(Origin::kFolder, "w"),
              UnorderedElementsAre("folder/w/big:Q6_K", "folder/w/My-model-v2-Q5_0:latest"));
  ASSERT_EQ(problems_.size(), 1U);
  EXPECT_THAT(problems_[0].message(), HasSubstr("half-00002-of-00002.gguf"));
  for (const InstalledModel& model : discover({Origin::kFolder, folder_ / "w"})) {
    if (model.name.model() != "big") continue;
    EXPECT_EQ(model.size, 13U);
    EXPECT_EQ(model.parts.size(), 2U);
    EXPECT_EQ(model.path, model.parts[0]);
  }
}

TEST_F(DiscoveryTest, links_lead_neither_out_nor_round_in_circles) {
  file("secret.gguf");
  file("w/good.gguf");
  fs::create_symlink(folder_ / "secret.gguf", folder_ / "w" / "out.gguf");
  fs::create_symlink(folder_ / "w", folder_ / "w" / "again");
  fs::create_symlink(folder_ / "w" / "self.gguf", folder_ / "w" / "self.gguf");
  EXPECT_THAT(names_in(Origin::kFolder, "w"), ElementsAre("folder/w/good:latest"));
  EXPECT_EQ(problems_.size(), 2U);
}

TEST_F(DiscoveryTest, places_that_are_not_there_hold_nothing) {
  for (const Origin origin : {Origin::kOllama, Origin::kHuggingFace, Origin::kLmStudio, Origin::kFolder})
    EXPECT_THAT(names_in(origin, "none"), IsEmpty());
  EXPECT_THAT(problems_, IsEmpty());
}

TEST_F(DiscoveryTest, a_model_is_found_by_any_part_of_its_name_that_is_enough) {
  file("lms/publisher/tiny-GGUF/tiny-Q4_0.gguf", "GGUF four");
  file("lms/publisher/tiny-GGUF/tiny-Q8_0.gguf", "GGUF eight");
  file("w/lonely-Q4_0.gguf");
  const Store models = store({{Origin::kLmStudio, folder_ / "lms"}, {Origin::kFolder, folder_ / "w"}});
  EXPECT_EQ(models.find("lmstudio/publisher/tiny:q8_0")->name.display(), "lmstudio/publisher/tiny:Q8_0");
  EXPECT_EQ(models.find("tiny:Q4_0")->name.display(), "lmstudio/publisher/tiny:Q4_0");
  EXPECT_EQ(models.find("publisher/tiny:Q4_0")->name.display(), "lmstudio/publisher/tiny:Q4_0");
  EXPECT_EQ(models.find("lonely")->name.display(), "folder/w/lonely:Q4_0");
  const auto ambiguous = models.find("tiny");
  ASSERT_FALSE(ambiguous);
  EXPECT_EQ(ambiguous.error().code(), ErrorCode::kUsage);
  EXPECT_THAT(ambiguous.error().hint(), HasSubstr("'lmstudio/publisher/tiny:Q4_0', 'lmstudio/publisher/tiny:Q8_0'"));
  EXPECT_EQ(models.find("tiny:Q2_K").error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(models.find("nobody").error().code(), ErrorCode::kNotFound);
}

TEST_F(DiscoveryTest, our_own_model_wins_and_the_other_has_its_programs_name_in_front) {
  ollama_model(folder_ / "home" / "models", "llama3:1b", "GGUF ours");
  ollama_model(folder_ / "home" / "models", "shared:1b", "GGUF same");
  ollama_model(folder_ / "ollama", "llama3:1b", "GGUF theirs");
  ollama_model(folder_ / "ollama", "shared:1b", "GGUF same");
  ollama_model(folder_ / "ollama", "only:1b", "GGUF only");
  const Store models = store({{Origin::kOllama, folder_ / "ollama"}, {Origin::kOllama, folder_ / "home" / "models"}});
  EXPECT_THAT(names_of(models), ElementsAre("llama3:1b", "shared:1b", "ollama/library/llama3:1b", "only:1b"));
  EXPECT_EQ(models.find("llama3:1b")->digest.hex(), sha_of("GGUF ours"));
  EXPECT_EQ(models.find("ollama/library/llama3:1b")->digest.hex(), sha_of("GGUF theirs"));
  EXPECT_EQ(models.find("only:1b")->origin, Origin::kOllama);
  EXPECT_TRUE(models.extras(*models.find("ollama/library/llama3:1b")));
}

TEST_F(DiscoveryTest, what_is_not_ours_is_never_removed) {
  ollama_model(folder_ / "ollama", "only:1b", "GGUF only");
  file("w/lonely.gguf");
  const Store models = store({{Origin::kOllama, folder_ / "ollama"}, {Origin::kFolder, folder_ / "w"}});
  for (const char* name : {"only:1b", "lonely"}) {
    EXPECT_EQ(models.remove(name).error().code(), ErrorCode::kRefused) << name;
    EXPECT_EQ(models.installed_name(name).error().code(), ErrorCode::kRefused) << name;
    EXPECT_TRUE(models.find(name)) << name;
  }
  EXPECT_THAT(models.remove("only:1b").error().hint(), HasSubstr("ollama rm"));
}

TEST(Places, follow_the_variables_of_their_programs) {
  const auto roots = [](std::map<std::string, std::string> variables, std::string_view folders) {
    const auto env = [&](std::string_view name) -> std::optional<std::string> {
      const auto at = variables.find(std::string(name));
      return at == variables.end() ? std::nullopt : std::optional(at->second);
    };
    std::vector<std::string> list;
    for (const Place& place : places_from(env, folders))
      list.push_back(std::string(to_string(place.origin)) + " " + place.root.string());
    return list;
  };
  EXPECT_THAT(roots({{"HOME", "/h"}}, "/a::~/b"),
              ElementsAre("ollama /h/.ollama/models", "ollama /usr/share/ollama/.ollama/models",
                          "hugging-face /h/.cache/huggingface/hub", "lm-studio /h/.lmstudio/models",
                          "lm-studio /h/.cache/lm-studio/models", "folder /a", "folder /h/b"));
  EXPECT_THAT(roots({{"HF_HOME", "/hf"}}, ""),
              ElementsAre("ollama /usr/share/ollama/.ollama/models", "hugging-face /hf/hub"));
  EXPECT_THAT(roots({{"HF_HOME", "/hf"}, {"HF_HUB_CACHE", "/cache"}}, "").back(), "hugging-face /cache");
}

}  // namespace
}  // namespace ingle::store
