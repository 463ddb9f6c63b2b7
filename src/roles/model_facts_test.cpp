#include "roles/model_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/testing/tiny.h"

namespace ingle::roles {
namespace {

TEST(ModelFacts, TellWhatStandsInTheFile) {
  const auto tiny =
      models::testing::read_tiny_cases(std::filesystem::path(INGLE_TEST_DATA) / "models" / "tiny").front();
  std::vector<base::FileDescriptor> files;
  files.push_back(base::FileDescriptor::open_read(tiny.model).value());
  const auto answer = model_facts_job(tiny.name, files);
  ASSERT_TRUE(answer) << answer.error().message();
  const auto facts = decode_model_facts(*answer);
  ASSERT_TRUE(facts) << facts.error().message();
  EXPECT_FALSE(facts->summary.architecture.empty());
  EXPECT_EQ(facts->summary.context_length, tiny.context);
  EXPECT_THAT(facts->metadata, ::testing::Contains(ModelFact{.key = "general.architecture",
                                                             .kind = ModelFact::Kind::kText,
                                                             .value = facts->summary.architecture}));
  EXPECT_THAT(facts->metadata, ::testing::Contains(::testing::Field(&ModelFact::kind, ModelFact::Kind::kArray)));
  // Whatever is cut off or added is noticed.
  EXPECT_FALSE(decode_model_facts(answer->substr(0, answer->size() - 1)));
  EXPECT_FALSE(decode_model_facts(*answer + "x"));
  EXPECT_FALSE(decode_model_facts(""));
}

TEST(ModelFacts, NameTheModelWhoseFileIsNone) {
  const auto answer = model_facts_job("x", {});
  ASSERT_FALSE(answer);
  EXPECT_FALSE(answer.error().message().empty());
}

}  // namespace
}  // namespace ingle::roles
